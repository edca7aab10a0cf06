// Abs: Y = |X|, element by element; the smallest integer wraps around to itself. Y may be X.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_abs(const sdk::KernelInfo&) {
  return make_unary<NumericTypes>([](auto x) {
    if constexpr (std::is_integral_v<decltype(x)>) {
      return x > 0 ? x : wrapping_subtract(decltype(x)(0), x);
    } else {
      return std::abs(x);
    }
  });
}

}  // namespace tenon::cpu_ref
