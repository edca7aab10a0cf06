#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "host/isolation/shared_segment.h"

namespace tenon::host {

Result<FileDescriptor> make_shared_segment(uint64_t bytes) {
  FileDescriptor segment(memfd_create("tenon", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!segment.is_open())
    return error(TN_UNSUPPORTED, "memory that processes share cannot be made here: ", std::strerror(errno));
  if (ftruncate(segment.get(), static_cast<off_t>(bytes)) != 0 ||
      fcntl(segment.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    return error(TN_UNSUPPORTED, "a shared segment of ", bytes, " bytes cannot be made here: ", std::strerror(errno));
  return segment;
}

void discard_pages(const FileDescriptor& segment, uint64_t offset, uint64_t bytes) {
  (void)fallocate(segment.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                  static_cast<off_t>(bytes));
}

void make_writable(void* data, uint64_t bytes) {
  (void)mprotect(data, bytes, PROT_READ | PROT_WRITE);
}

void advise_shared(void* data, uint64_t bytes) {
  (void)madvise(data, bytes, MADV_HUGEPAGE);
  (void)madvise(data, bytes, MADV_DONTDUMP);
}

}  // namespace tenon::host
