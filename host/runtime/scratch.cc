#include "host/runtime/scratch.h"

#include <algorithm>

#include "host/base/checked.h"

namespace tenon::host {
namespace {

constexpr uint64_t kLeastRegion = uint64_t{64} << 10;
constexpr unsigned kRoomyRuns = 16;

}  // namespace

void* Scratch::take(uint64_t bytes, uint64_t alignment, uint64_t limit) {
  if (alignment == 0 || alignment > 4096 || (alignment & (alignment - 1)) != 0) return nullptr;
  const CheckedSize padded = CheckedSize(std::max<uint64_t>(bytes, 1)) + alignment;
  if (!padded.fits(INT64_MAX) || !(padded + taken_).fits(limit)) return nullptr;
  for (; current_ < regions_.size(); ++current_, used_ = 0) {
    const uint64_t begin = (used_ + alignment - 1) / alignment * alignment;  // regions begin on a page
    if (begin <= regions_[current_].bytes() && regions_[current_].bytes() - begin >= bytes) {
      used_ = begin + std::max<uint64_t>(bytes, 1);
      taken_ += *padded.get();
      run_peak_ = std::max(run_peak_, taken_);
      peak_bytes_ = std::max(peak_bytes_, taken_);
      return regions_[current_].data() + begin;
    }
  }
  regions_.reserve(regions_.size() + 1);
  auto made = HostRegion::allocate(std::max({kLeastRegion, *padded.get(), bytes_}));
  if (!made.is_ok()) return nullptr;
  bytes_ += made->bytes();
  regions_.push_back(std::move(*made));
  return take(bytes, alignment, limit);
}

void Scratch::reset() {
  current_ = 0;
  used_ = 0;
  taken_ = 0;
}

void Scratch::free() noexcept {
  reset();
  regions_.clear();
  bytes_ = 0;
  roomy_runs_ = 0;
}

void Scratch::tidy() noexcept {
  reset();
  roomy_runs_ = bytes_ > kLeastRegion && bytes_ / 4 > run_peak_ ? roomy_runs_ + 1 : 0;
  if (regions_.size() > 1 || (roomy_runs_ > kRoomyRuns && !regions_.empty())) {
    regions_.clear();
    bytes_ = 0;
    roomy_runs_ = 0;
    HostRegion joined;
    if (run_peak_ > 0 && HostRegion::try_allocate(std::max(kLeastRegion, run_peak_), &joined)) {
      bytes_ = joined.bytes();
      regions_.push_back(std::move(joined));  // into the room that the list had before
    }
  }
  run_peak_ = 0;
}

}  // namespace tenon::host
