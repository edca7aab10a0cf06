// Memory between pages that nobody may touch, so that the first byte read or written beyond it is a fault, which
// fault.h explains. Owned; one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace tenon::conform {

class GuardedRegion {
 public:
  /// Which of its ends lies against a guard page; what is left of a page on the other side holds known bytes.
  enum class Place { kAtEnd, kAtBegin };

  GuardedRegion() = default;
  /// `what`, for reports: "input 1". `alignment`: a power of two, at most a page. Throws std::bad_alloc.
  GuardedRegion(uint64_t bytes, size_t alignment, Place place, std::string what);
  GuardedRegion(GuardedRegion&& other) noexcept;
  GuardedRegion& operator=(GuardedRegion&& other) noexcept;
  ~GuardedRegion();

  std::byte* data() const { return data_; }
  uint64_t bytes() const { return bytes_; }
  void fill(std::byte value);
  /// From now on a write is a fault.
  void make_read_only();
  /// From now on a read is one, too.
  void make_inaccessible();
  /// How many of the known bytes on the side without a guard page were changed: "3 bytes behind its end"; empty: none.
  std::string trespass() const;

 private:
  std::byte* mapped_ = nullptr;
  size_t mapped_bytes_ = 0;
  std::byte* data_ = nullptr;
  uint64_t bytes_ = 0;
  size_t slot_ = 0;  // in the table of faults

  void protect(int protection);
};

}  // namespace tenon::conform
