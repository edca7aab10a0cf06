// A segment of memory that processes share by its descriptor, as Boost.Interprocess maps it. It has no name, so nothing
// of it stays behind, and it counts against no folder's size. Thread-safe.
#pragma once

#include <boost/interprocess/detail/os_file_functions.hpp>
#include <cstdint>

#include "host/base/status.h"
#include "host/storage/file_descriptor.h"

namespace tenon::host {

/// Of `bytes` zeroes, which take no memory until they are touched; whoever has the descriptor can make it neither
/// shorter nor longer. TN_UNSUPPORTED.
Result<FileDescriptor> make_shared_segment(uint64_t bytes);
/// The pages become zeroes, and go back to the system.
void discard_pages(const FileDescriptor& segment, uint64_t offset, uint64_t bytes);

/// Undoes HostRegion::seal(), for memory that is to be taken again.
void make_writable(void* data, uint64_t bytes);
/// Asks for large pages where the system has them for shared memory, as arenas of one process do, and keeps the mapping
/// out of core dumps.
void advise_shared(void* data, uint64_t bytes);

/// What boost::interprocess::mapped_region maps; borrows the descriptor.
class SegmentView {
 public:
  SegmentView(int descriptor, boost::interprocess::mode_t mode) : descriptor_(descriptor), mode_(mode) {}
  boost::interprocess::mapping_handle_t get_mapping_handle() const {
    return boost::interprocess::ipcdetail::mapping_handle_from_file_handle(descriptor_);
  }
  boost::interprocess::mode_t get_mode() const { return mode_; }

 private:
  int descriptor_;
  boost::interprocess::mode_t mode_;
};

}  // namespace tenon::host
