// Mod: C = A - floor(A / B) * B, which has the sign of B, or with fmod=1 A - trunc(A / B) * B, which has the sign of A;
// with broadcasting. An integer modulo 0 is an error. C may be A or B.
#include "divisor_check.h"
#include "elementwise.h"

namespace tenon::cpu_ref {
namespace {

template <typename T>
T truncated_remainder(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    return b == 0 ? T(0) : wrapping_subtract(a, wrapping_multiply(total_divide(a, b), b));
  } else {
    return std::fmod(a, b);
  }
}

template <typename T>
T floored_remainder(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    if (b == 0) return 0;
    const T r = truncated_remainder(a, b);
    return r != 0 && (r < 0) != (b < 0) ? wrapping_add(r, b) : r;
  } else {
    const T r = std::fmod(a, b);
    if (r == 0) return std::copysign(r, b);
    return (r < 0) != (b < 0) ? r + b : r;
  }
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_mod(const sdk::KernelInfo& info) {
  if (info.attr_int("fmod", 0) != 0)
    return with_divisor_check(
        make_binary<NumericTypes>(info, [](auto a, auto b) { return truncated_remainder(a, b); }));
  return with_divisor_check(make_binary<NumericTypes>(info, [](auto a, auto b) { return floored_remainder(a, b); }));
}

}  // namespace tenon::cpu_ref
