#include "host/runtime/validation/guarded_memory.h"

#include <cstring>

#include "host/base/checked.h"

namespace tenon::host {
namespace {

// Of a guard, how far from the memory the farthest byte lies that is no longer as it was; 0: all are.
template <typename Iterator>
size_t farthest_changed(Iterator nearest, size_t count, std::byte guard) {
  size_t farthest = 0;
  for (size_t i = 0; i < count; ++i, ++nearest)
    if (*nearest != guard) farthest = i + 1;
  return farthest;
}

}  // namespace

Result<GuardedMemory> GuardedMemory::allocate(uint64_t bytes, std::byte fill, std::byte guard) {
  const auto total = (CheckedSize(bytes) + 2 * kGuardBytes).get();
  if (!total) return error(TN_OUT_OF_MEMORY, bytes, " bytes with guards do not fit in 64 bits");
  GuardedMemory memory;
  TENON_ASSIGN_OR_RETURN(memory.region_, HostRegion::allocate(*total));
  memory.bytes_ = bytes;
  memory.guard_ = guard;
  std::memset(memory.region_.data(), static_cast<int>(guard), *total);
  if (bytes > 0) std::memset(memory.data(), static_cast<int>(fill), bytes);
  return memory;
}

std::string GuardedMemory::trespass() const {
  const std::byte* end = data() + bytes_;
  if (const size_t behind = farthest_changed(end, kGuardBytes, guard_)) return concat(behind, " bytes behind its end");
  if (const size_t before = farthest_changed(std::reverse_iterator(data()), kGuardBytes, guard_))
    return concat(before, " bytes before its begin");
  return {};
}

}  // namespace tenon::host
