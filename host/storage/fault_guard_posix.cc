// The handler runs in any thread at any instruction: it only reads atomics, keeps errno and makes system calls.
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "host/base/signal_action_posix.h"
#include "host/storage/fault_guard.h"

namespace tenon::host {

constexpr uint64_t kNothingLost = UINT64_MAX;

/// Guarded by `version`: odd while the range changes. Only `lost` is written by the handler.
struct GuardSlot {
  std::atomic<uint32_t> version{0};
  std::atomic<uintptr_t> begin{0};
  std::atomic<uintptr_t> end{0};  // 0: the slot is free
  std::atomic<uint64_t> lost{kNothingLost};
};

namespace {

constexpr size_t kSlotsPerBlock = 128;

struct SlotBlock {
  GuardSlot slots[kSlotsPerBlock];
  std::atomic<SlotBlock*> next{nullptr};
};

/// What was installed before. Never freed, so that a handler under way in another thread may go on reading it.
struct PreviousAction : SignalAction {
  PreviousAction* next = nullptr;
  PreviousAction* below = nullptr;  // what the guard handed on to before it met this one first; of the first: nothing
};

/// The one chained call that a thread has under way, to know it again when the called handler calls back.
struct ChainedCall {
  const siginfo_t* info = nullptr;
  uintptr_t frame = 0;
  PreviousAction* called = nullptr;
};

// All constant-initialized: the handler may run before and after every constructor and destructor.
SlotBlock first_guard_block;
std::mutex guard_mutex;  // guards changes of slots, blocks and actions
std::atomic<PreviousAction*> all_previous{nullptr};
std::atomic<PreviousAction*> latest_action{nullptr};  // found at the last installation
std::atomic<uintptr_t> guard_page_bytes{0};           // 0: the handler was never installed
// Allocated with the thread, because the handler must not allocate.
__attribute__((tls_model("initial-exec"))) thread_local ChainedCall chained_call;
thread_local bool is_guard_paused = false;

/// The slot whose range holds the address, or nullptr. async-signal-safe
GuardSlot* find_guard_slot(uintptr_t address, uintptr_t* end) {
  for (SlotBlock* block = &first_guard_block; block != nullptr; block = block->next.load(std::memory_order_acquire))
    for (GuardSlot& slot : block->slots) {
      // A slot that changes just now is of another range: this one cannot go while it is read.
      const uint32_t version = slot.version.load();
      if (version % 2 != 0) continue;
      const uintptr_t begin = slot.begin.load();
      *end = slot.end.load();
      if (address < begin || address >= *end || slot.version.load() != version) continue;
      return &slot;
    }
  return nullptr;
}

/// Puts zeroes from the lost page to the end of its range: one call, however many pages are gone. The range is
/// worthless from here on. async-signal-safe
bool replace_lost_pages(uintptr_t address) {
  uintptr_t end = 0;
  GuardSlot* slot = find_guard_slot(address, &end);
  if (slot == nullptr) return false;
  const uintptr_t page = address & ~(guard_page_bytes.load(std::memory_order_relaxed) - 1);
  // Marked before it reads as zeroes, so that nobody sees them and no mark.
  const uint64_t offset = page - slot->begin.load();
  uint64_t known = slot->lost.load();
  while (offset < known && !slot->lost.compare_exchange_weak(known, offset)) {
  }
  // By system call: the library's function may be intercepted by a sanitizer.
  const long mapped =
      syscall(SYS_mmap, page, end - page, PROT_READ, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0L);
  return mapped == static_cast<long>(page);
}

void handle_bus_error(int signal, siginfo_t* info, void* context) {
  const int error_number = errno;
  const bool is_lost_page = info->si_code == BUS_ADRERR || info->si_code == BUS_MCEERR_AR;
  if (!is_lost_page || !replace_lost_pages(reinterpret_cast<uintptr_t>(info->si_addr))) {
    // A handler that was installed after this one and hands on what it does not know comes back here, deeper in the
    // same signal. It is known by both: one that left by longjmp has gone from the stack.
    const ChainedCall outer = chained_call;
    const auto frame = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
    const bool is_back = outer.info == info && frame < outer.frame;
    PreviousAction* next = is_back ? outer.called->below : latest_action.load();
    chained_call = {info, frame, next};
    if (next != nullptr) {
      call_action(*next, signal, info, context);
    } else {
      take_default_action(signal, is_fault(signal, *info));
    }
    chained_call = outer;
  }
  errno = error_number;
}

bool same_action(const struct sigaction& a, const struct sigaction& b) {
  return a.sa_flags == b.sa_flags && a.sa_handler == b.sa_handler &&
         std::memcmp(&a.sa_mask, &b.sa_mask, sizeof a.sa_mask) == 0;
}

/// The node of an action; the same one for the same action. Needs the mutex.
PreviousAction* node_of(const struct sigaction& action) {
  for (PreviousAction* node = all_previous.load(); node != nullptr; node = node->next)
    if (same_action(node->action, action)) {
      node->is_spent.store(false);
      return node;
    }
  auto* node = new PreviousAction;
  node->action = action;
  node->next = all_previous.load();
  node->below = latest_action.load();
  all_previous.store(node);
  return node;
}

/// Needs the mutex.
void install_handler() {
  struct sigaction current {};
  if (sigaction(SIGBUS, nullptr, &current) != 0) return;
  if ((current.sa_flags & SA_SIGINFO) != 0 && current.sa_sigaction == handle_bus_error) return;
  guard_page_bytes.store(static_cast<uintptr_t>(sysconf(_SC_PAGESIZE)));
  PreviousAction* node = node_of(current);
  latest_action.store(node);
  struct sigaction own {};
  own.sa_sigaction = handle_bus_error;
  own.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigemptyset(&own.sa_mask);
  sigaction(SIGBUS, &own, nullptr);
}

/// Needs the mutex.
GuardSlot* take_guard_slot() {
  for (SlotBlock* block = &first_guard_block;; block = block->next.load()) {
    for (GuardSlot& slot : block->slots)
      if (slot.end.load() == 0) return &slot;
    if (block->next.load() == nullptr) block->next.store(new SlotBlock, std::memory_order_release);
  }
}

void set_guarded_range(GuardSlot& slot, uintptr_t begin, uintptr_t end) {
  slot.version.fetch_add(1);
  slot.begin.store(begin);
  slot.end.store(end);
  slot.lost.store(kNothingLost);
  slot.version.fetch_add(1);
}

}  // namespace

void install_fault_guard() {
  if (!fault_guard_enabled()) return;
  const std::lock_guard lock(guard_mutex);
  install_handler();
}

bool fault_guard_answers_for(const void* address) {
  uintptr_t end = 0;
  return guard_page_bytes.load() != 0 && find_guard_slot(reinterpret_cast<uintptr_t>(address), &end) != nullptr;
}

GuardedRange::GuardedRange(const void* begin, size_t bytes) {
  if (bytes == 0) return;
  const std::lock_guard lock(guard_mutex);
  if (fault_guard_enabled()) install_handler();
  slot_ = take_guard_slot();
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto first = reinterpret_cast<uintptr_t>(begin);
  set_guarded_range(*slot_, first, first + (bytes + page - 1) / page * page);
}

GuardedRange::~GuardedRange() {
  if (slot_ == nullptr) return;
  const std::lock_guard lock(guard_mutex);
  set_guarded_range(*slot_, 0, 0);
}

std::optional<uint64_t> GuardedRange::lost_offset() const {
  if (slot_ == nullptr) return std::nullopt;
  const uint64_t lost = slot_->lost.load();
  return lost == kNothingLost ? std::nullopt : std::optional<uint64_t>(lost);
}

bool fault_guard_enabled() {
  if (is_guard_paused) return false;
  const char* setting = std::getenv(kFaultGuardVariable);
  return setting == nullptr || std::strcmp(setting, "off") != 0;
}

FaultGuardPause::FaultGuardPause(bool paused) : before_(is_guard_paused) {
  is_guard_paused = is_guard_paused || paused;
}

FaultGuardPause::~FaultGuardPause() {
  is_guard_paused = before_;
}

}  // namespace tenon::host
