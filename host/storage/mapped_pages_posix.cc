#include <sys/mman.h>

#include <algorithm>
#include <cstdint>

#include "host/storage/mapped_pages.h"

namespace tenon::host {
namespace {

// The kernel maps this much around a page that is touched, so this much goes with it.
constexpr uintptr_t kFaultWindow = 64 * 1024;

}  // namespace

void release_mapped_pages(std::span<const std::byte> mapping, std::span<const std::byte> part) {
  if (part.empty()) return;
  const auto base = reinterpret_cast<uintptr_t>(mapping.data());
  const auto begin = reinterpret_cast<uintptr_t>(part.data());
  const uintptr_t first = std::max(base, begin / kFaultWindow * kFaultWindow);
  const uintptr_t last = (begin + part.size() + kFaultWindow - 1) / kFaultWindow * kFaultWindow;
  const size_t length = std::min(last, base + mapping.size()) - first;
  // Only advice: when it fails, the pages stay resident.
  (void)madvise(reinterpret_cast<void*>(first), length, MADV_DONTNEED);
}

}  // namespace tenon::host
