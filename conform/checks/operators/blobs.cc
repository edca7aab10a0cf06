// A pack file is verified before it is used, and its owner is trusted; what neither catches may make an answer wrong,
// and nothing else. What faults is told by the handlers of kernel/fault.h.
#include <algorithm>
#include <array>
#include <random>

#include "conform/checks/operators/operator_checks.h"
#include "conform/checks/operators/trial.h"

namespace tenon::conform {
namespace {

std::array<DamageBlob, 4> damages(uint64_t seed) {
  return {[](std::span<std::byte> blob) { std::fill(blob.begin(), blob.end(), std::byte{0xFF}); },
          [](std::span<std::byte> blob) { std::fill(blob.begin(), blob.end(), std::byte{0}); },
          [seed](std::span<std::byte> blob) {
            std::mt19937_64 random(seed);
            for (std::byte& byte : blob) byte = static_cast<std::byte>(random());
          },
          [seed](std::span<std::byte> blob) {
            std::mt19937_64 random(seed);
            if (!blob.empty()) blob[random() % blob.size()] ^= std::byte{0x80};
          }};
}

}  // namespace

Outcome check_blobs(const Subject& subject, const OperatorName& op) {
  OperatorBench bench(subject, op);
  DrawSettings draws;
  draws.needs_constants = true;
  int64_t slots = 0;
  for (int64_t count = 0; count < subject.cases; ++count) {
    const auto c = bench.next(draws);
    if (c == nullptr) break;
    if (c->packs.slots.empty()) continue;
    slots += static_cast<int64_t>(c->packs.slots.size());
    for (const DamageBlob& damage : damages(subject.seed + static_cast<uint64_t>(count))) {
      try {
        const auto damaged = bench.open_warm(*c, damage);
        if (damaged != nullptr) (void)try_run(*damaged, {});
      } catch (const Refused&) {
      }
    }
  }
  return slots == 0 ? Outcome::pass("packs nothing") : Outcome::pass(host::concat(slots, " slots"));
}

}  // namespace tenon::conform
