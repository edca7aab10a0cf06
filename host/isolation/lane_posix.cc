#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "host/isolation/lane.h"

namespace tenon::host {
namespace {

using Clock = std::chrono::steady_clock;

void pause_briefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

uint32_t bit_of(LaneSide side) {
  return static_cast<uint32_t>(side);
}

}  // namespace

void pass_turn(Lane& lane, LaneSide side) {
  lane.turn.store(static_cast<uint32_t>(side), std::memory_order_seq_cst);
  if ((lane.sleepers.load(std::memory_order_seq_cst) & bit_of(side)) != 0)
    syscall(SYS_futex, &lane.turn, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

void wake_sleepers(Lane& lane) {
  syscall(SYS_futex, &lane.turn, FUTEX_WAKE, INT32_MAX, nullptr, nullptr, 0);
}

bool wait_for_turn(Lane& lane, LaneSide side, std::chrono::microseconds awake, std::chrono::milliseconds patience) {
  const auto is_mine = [&] { return lane.turn.load(std::memory_order_acquire) == static_cast<uint32_t>(side); };
  if (is_mine()) return true;
  constexpr int kLooksPerTime = 64;
  for (const auto end = Clock::now() + awake; Clock::now() < end;)
    for (int i = 0; i < kLooksPerTime; ++i) {
      if (is_mine()) return true;
      pause_briefly();
    }
  lane.sleepers.fetch_or(bit_of(side), std::memory_order_seq_cst);
  const uint32_t seen = lane.turn.load(std::memory_order_seq_cst);
  if (seen != static_cast<uint32_t>(side)) {
    const timespec limit{static_cast<time_t>(patience.count() / 1000),
                         static_cast<long>(patience.count() % 1000 * 1'000'000)};
    syscall(SYS_futex, &lane.turn, FUTEX_WAIT, seen, &limit, nullptr, 0);
  }
  lane.sleepers.fetch_and(~bit_of(side), std::memory_order_seq_cst);
  return is_mine();
}

}  // namespace tenon::host
