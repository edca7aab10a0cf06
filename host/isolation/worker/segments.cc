// Boost.Interprocess does the mapping.
#include "host/isolation/worker/segments.h"

#include <boost/interprocess/exceptions.hpp>
#include <mutex>

#include "host/isolation/shared_segment.h"

namespace tenon::host {
namespace {

namespace ipc = boost::interprocess;

std::byte* within(const ipc::mapped_region& region, uint64_t offset, uint64_t bytes) {
  if (offset > region.get_size() || bytes > region.get_size() - offset) return nullptr;
  return static_cast<std::byte*>(region.get_address()) + offset;
}

}  // namespace

Status Segments::add(uint32_t segment, const FileDescriptor& descriptor, uint64_t bytes) {
  const std::unique_lock lock(mutex_);
  try {
    read_only_[segment] = ipc::mapped_region(SegmentView(descriptor.get(), ipc::read_only), ipc::read_only, 0, bytes);
    if (segment != kHeapSegment) return {};
    heap_ = ipc::mapped_region(SegmentView(descriptor.get(), ipc::read_write), ipc::read_write, 0, bytes);
    for (const ipc::mapped_region* view : {&heap_, &read_only_[segment]}) advise_shared(view->get_address(), bytes);
    return {};
  } catch (const ipc::interprocess_exception& e) {
    return error(TN_OUT_OF_MEMORY, "a worker process cannot map segment ", segment, " of ", bytes,
                 " bytes: ", e.what());
  }
}

const std::byte* Segments::read_only(uint32_t segment, uint64_t offset, uint64_t bytes) const {
  const std::shared_lock lock(mutex_);
  const auto found = read_only_.find(segment);
  return found == read_only_.end() ? nullptr : within(found->second, offset, bytes);
}

std::byte* Segments::writable(uint64_t offset, uint64_t bytes) const {
  const std::shared_lock lock(mutex_);
  return within(heap_, offset, bytes);
}

}  // namespace tenon::host
