#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "host/base/checked.h"
#include "host/runtime/host_region.h"
#include "host/storage/private_peak.h"

namespace tenon::host {
namespace {

constexpr uint64_t kHugePageBytes = uint64_t{2} << 20;

// 0: more than there can be.
uint64_t whole_pages(uint64_t bytes) {
  const uint64_t page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const CheckedSize padded = CheckedSize(bytes) + (page - 1);
  return padded.fits(SIZE_MAX / 2) ? *padded.get() / page * page : 0;
}

}  // namespace

bool HostRegion::try_allocate(uint64_t bytes, HostRegion* region) noexcept {
  const uint64_t size = whole_pages(bytes);
  if (size == 0) {
    errno = ENOMEM;
    return false;
  }
  void* data = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED) return false;
  // Fewer faults and TLB misses; a system without huge pages ignores it.
  if (size >= 2 * kHugePageBytes) madvise(data, size, MADV_HUGEPAGE);
  *region = HostRegion(static_cast<std::byte*>(data), size);
  return true;
}

Result<HostRegion> HostRegion::allocate(uint64_t bytes, const std::shared_ptr<RegionSource>& source) {
  HostRegion region;
  if (bytes > 0 && source != nullptr) {
    const uint64_t size = whole_pages(bytes);
    std::byte* const data = size > 0 ? source->take(size) : nullptr;
    if (data == nullptr) return error(TN_OUT_OF_MEMORY, "no memory for ", bytes, " bytes that workers share");
    region = HostRegion(data, size);
    region.source_ = source;
    return region;
  }
  if (bytes > 0 && !try_allocate(bytes, &region))
    return error(TN_OUT_OF_MEMORY, "no memory for ", bytes, " bytes: ", std::strerror(errno));
  return region;
}

HostRegion& HostRegion::operator=(HostRegion&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  std::swap(source_, other.source_);
  return *this;
}

HostRegion::~HostRegion() {
  if (bytes_ >= kNotedBytes) note_private_peak();
  if (data_ == nullptr) return;
  if (source_ != nullptr) {
    source_->give_back(data_, bytes_);
  } else {
    munmap(data_, bytes_);
  }
}

Status HostRegion::seal() {
  if (data_ != nullptr && mprotect(data_, bytes_, PROT_READ) != 0)
    return error(TN_INTERNAL, "cannot make ", bytes_, " bytes read-only: ", std::strerror(errno));
  return {};
}

}  // namespace tenon::host
