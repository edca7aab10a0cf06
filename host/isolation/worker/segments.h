// The memory that a worker has of its host: the heap, which values are written to, and files of weights. Thread-safe.
#pragma once

#include <boost/interprocess/mapped_region.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <shared_mutex>

#include "host/base/status.h"
#include "host/isolation/reach.h"
#include "host/storage/file_descriptor.h"

namespace tenon::host {

class Segments {
 public:
  /// Maps `bytes` of the descriptor: all of it to be read, and the heap once more to be written.
  Status add(uint32_t segment, const FileDescriptor& descriptor, uint64_t bytes);
  /// Where `bytes` at `offset` lie, in pages that may only be read; nullptr: there are none such.
  const std::byte* read_only(uint32_t segment, uint64_t offset, uint64_t bytes) const;
  /// The same of the heap, in pages that may be written.
  std::byte* writable(uint64_t offset, uint64_t bytes) const;

 private:
  mutable std::shared_mutex mutex_;
  std::map<uint32_t, boost::interprocess::mapped_region> read_only_;
  boost::interprocess::mapped_region heap_;
};

}  // namespace tenon::host
