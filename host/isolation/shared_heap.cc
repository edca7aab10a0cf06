// Boost.Interprocess does the mapping.
#include "host/isolation/shared_heap.h"

#include <boost/interprocess/exceptions.hpp>

#include "host/base/exceptions.h"
#include "host/isolation/shared_segment.h"

namespace tenon::host {
namespace {

namespace ipc = boost::interprocess;

// Address space, not memory. Where a process may have less, a smaller one is tried.
constexpr uint64_t kMostCapacity = uint64_t{1} << 40, kLeastCapacity = uint64_t{1} << 32;

}  // namespace

Result<std::shared_ptr<SharedHeap>> SharedHeap::create() {
  Status last;
  for (uint64_t capacity = kMostCapacity; capacity >= kLeastCapacity; capacity /= 4) {
    try {
      auto segment = make_shared_segment(capacity);
      if (!segment.is_ok()) {
        last = segment.status();
        continue;
      }
      auto heap = std::make_shared<SharedHeap>();
      heap->descriptor_ = std::move(*segment);
      const SegmentView view(heap->descriptor_.get(), ipc::read_write);
      heap->region_ = ipc::mapped_region(view, ipc::read_write, 0, capacity);
      advise_shared(heap->region_.get_address(), capacity);
      heap->free_.emplace(0, capacity);
      return heap;
    } catch (const ipc::interprocess_exception& e) {
      last = error(TN_OUT_OF_MEMORY, "no address space for memory that workers share: ", e.what());
    } catch (...) {
      return status_of_exception([](const char* what) { return error(TN_INTERNAL, "shared memory: ", what); });
    }
  }
  return last;
}

std::byte* SharedHeap::take(uint64_t bytes) noexcept {
  const std::lock_guard lock(mutex_);
  for (auto it = free_.begin(); it != free_.end(); ++it) {
    const auto [offset, length] = *it;
    if (length < bytes) continue;
    auto node = free_.extract(it);
    if (length > bytes) {
      node.key() = offset + bytes;
      node.mapped() = length - bytes;
      free_.insert(std::move(node));
    }
    return base() + offset;
  }
  return nullptr;
}

void SharedHeap::give_back(std::byte* data, uint64_t bytes) noexcept {
  const auto offset = static_cast<uint64_t>(data - base());
  discard_pages(descriptor_, offset, bytes);
  make_writable(data, bytes);
  const std::lock_guard lock(mutex_);
  try {
    add_free(offset, bytes);
  } catch (const std::bad_alloc&) {
    // Addresses are lost, no memory: there are enough of them.
  }
}

void SharedHeap::add_free(uint64_t offset, uint64_t bytes) {
  auto after = free_.lower_bound(offset);
  if (after != free_.end() && offset + bytes == after->first) {
    bytes += after->second;
    after = free_.erase(after);
  }
  if (after != free_.begin()) {
    const auto before = std::prev(after);
    if (before->first + before->second == offset) {
      before->second += bytes;
      return;
    }
  }
  free_.emplace_hint(after, offset, bytes);
}

std::optional<uint64_t> SharedHeap::offset_of(const void* data, uint64_t bytes) const {
  const auto* first = static_cast<const std::byte*>(data);
  if (std::less<>()(first, base()) || !std::less<>()(first, base() + capacity())) return std::nullopt;
  const auto offset = static_cast<uint64_t>(first - base());
  return bytes <= capacity() - offset ? std::optional<uint64_t>(offset) : std::nullopt;
}

}  // namespace tenon::host
