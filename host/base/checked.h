// Arithmetic on sizes and offsets that come from a file: once a result does not fit in 64 bits, the value is invalid
// and stays so. The one place where untrusted sizes are added and multiplied.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace tenon::host {

/// A non-negative 64-bit size, or invalid.
class CheckedSize {
 public:
  CheckedSize(uint64_t value) : value_(value) {}
  /// Negative values are invalid.
  static CheckedSize from_signed(int64_t value) {
    CheckedSize c(static_cast<uint64_t>(value));
    c.valid_ = value >= 0;
    return c;
  }

  CheckedSize operator+(CheckedSize other) const {
    CheckedSize r(0);
    r.valid_ = !__builtin_add_overflow(value_, other.value_, &r.value_) && valid_ && other.valid_;
    return r;
  }
  CheckedSize operator*(CheckedSize other) const {
    CheckedSize r(0);
    r.valid_ = !__builtin_mul_overflow(value_, other.value_, &r.value_) && valid_ && other.valid_;
    return r;
  }
  bool is_valid() const { return valid_; }
  /// Valid and at most `limit`.
  bool fits(uint64_t limit) const { return valid_ && value_ <= limit; }
  /// The value; nothing when invalid.
  std::optional<uint64_t> get() const { return valid_ ? std::optional<uint64_t>(value_) : std::nullopt; }

 private:
  uint64_t value_ = 0;
  bool valid_ = true;
};

/// Product of dimensions; invalid for a negative one or on overflow of int64.
inline CheckedSize checked_element_count(std::span<const int64_t> dims) {
  // A zero anywhere makes the product zero, but the others must still be valid.
  CheckedSize count(1);
  bool zero = false;
  for (int64_t d : dims) {
    if (d == 0) {
      zero = true;
    } else {
      count = count * CheckedSize::from_signed(d);
    }
  }
  if (!count.fits(INT64_MAX)) return CheckedSize::from_signed(-1);
  return zero ? CheckedSize(0) : count;
}

}  // namespace tenon::host
