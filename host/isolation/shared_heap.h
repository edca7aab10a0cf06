// Memory that this process shares with the worker processes of a session's isolated providers: arenas, values, lanes.
// One mapping of one nameless segment, taken up page by page, so an address is an offset and nothing has to be told
// when memory is taken. What is taken where only this process knows, so a worker can spoil bytes but no bookkeeping.
// Thread-safe.
#pragma once

#include <boost/interprocess/mapped_region.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "host/base/status.h"
#include "host/runtime/host_region.h"
#include "host/storage/file_descriptor.h"

namespace tenon::host {

class SharedHeap final : public RegionSource {
 public:
  /// TN_UNSUPPORTED where the system has no such segments, TN_OUT_OF_MEMORY without room for one.
  static Result<std::shared_ptr<SharedHeap>> create();

  /// Zeroed pages; `bytes`: a multiple of the page's. nullptr: the segment is full.
  std::byte* take(uint64_t bytes) noexcept override;
  /// The pages go back to the system.
  void give_back(std::byte* data, uint64_t bytes) noexcept override;

  /// Where in the segment the bytes lie; nothing: not in it, or not in one piece.
  std::optional<uint64_t> offset_of(const void* data, uint64_t bytes) const;
  std::byte* at(uint64_t offset) const { return base() + offset; }
  uint64_t capacity() const { return region_.get_size(); }
  const FileDescriptor& descriptor() const { return descriptor_; }

 private:
  std::byte* base() const { return static_cast<std::byte*>(region_.get_address()); }
  void add_free(uint64_t offset, uint64_t bytes);

  FileDescriptor descriptor_;
  boost::interprocess::mapped_region region_;
  std::mutex mutex_;
  std::map<uint64_t, uint64_t> free_;  // offset to length; neighbours are one
};

}  // namespace tenon::host
