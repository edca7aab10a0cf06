#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <new>
#include <utility>

#include "conform/kernel/fault.h"
#include "conform/kernel/guarded_region.h"
#include "host/base/checked.h"
#include "host/base/status.h"

namespace tenon::conform {
namespace {

constexpr std::byte kKnown{0xC3};

size_t page_size() {
  static const auto size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

}  // namespace

GuardedRegion::GuardedRegion(uint64_t bytes, size_t alignment, Place place, std::string what) : bytes_(bytes) {
  const size_t page = page_size();
  const auto total = (host::CheckedSize(bytes) + 3 * page).get();
  if (!total) throw std::bad_alloc();
  const size_t room = (bytes + page - 1) / page * page;
  mapped_bytes_ = room + 2 * page;
  void* mapped = mmap(nullptr, mapped_bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  mapped_ = static_cast<std::byte*>(mapped);
  std::byte* begin = mapped_ + page;
  if (room > 0 && mprotect(begin, room, PROT_READ | PROT_WRITE) != 0) {
    munmap(mapped_, mapped_bytes_);
    throw std::bad_alloc();
  }
  std::memset(begin, static_cast<int>(kKnown), room);
  data_ = place == Place::kAtBegin ? begin : begin + (room - bytes) / alignment * alignment;
  slot_ = add_known_memory({mapped_, mapped_ + mapped_bytes_, data_, data_ + bytes_, std::move(what)});
}

GuardedRegion::GuardedRegion(GuardedRegion&& other) noexcept
    : mapped_(std::exchange(other.mapped_, nullptr)),
      mapped_bytes_(other.mapped_bytes_),
      data_(other.data_),
      bytes_(other.bytes_),
      slot_(other.slot_) {}

GuardedRegion& GuardedRegion::operator=(GuardedRegion&& other) noexcept {
  std::swap(mapped_, other.mapped_);
  std::swap(mapped_bytes_, other.mapped_bytes_);
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  std::swap(slot_, other.slot_);
  return *this;
}

GuardedRegion::~GuardedRegion() {
  if (mapped_ == nullptr) return;
  remove_known_memory(slot_);
  munmap(mapped_, mapped_bytes_);
}

void GuardedRegion::fill(std::byte value) {
  if (bytes_ > 0) std::memset(data_, static_cast<int>(value), bytes_);
}

void GuardedRegion::protect(int protection) {
  const size_t room = mapped_bytes_ - 2 * page_size();
  if (room > 0) mprotect(mapped_ + page_size(), room, protection);
}

void GuardedRegion::make_read_only() {
  protect(PROT_READ);
}

void GuardedRegion::make_inaccessible() {
  protect(PROT_NONE);
}

std::string GuardedRegion::trespass() const {
  if (mapped_ == nullptr) return {};
  const std::byte* begin = mapped_ + page_size();
  const std::byte* end = mapped_ + mapped_bytes_ - page_size();
  size_t before = 0, behind = 0;
  for (const std::byte* at = begin; at < data_; ++at) before += *at != kKnown;
  for (const std::byte* at = data_ + bytes_; at < end; ++at) behind += *at != kKnown;
  if (behind > 0) return host::concat(behind, " bytes behind its end");
  if (before > 0) return host::concat(before, " bytes before its begin");
  return {};
}

}  // namespace tenon::conform
