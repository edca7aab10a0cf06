// Neg: Y = -X, element by element; the smallest integer wraps around to itself. Y may be X.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_neg(const sdk::KernelInfo&) {
  return make_unary<FloatAndSignedTypes>([](auto x) {
    if constexpr (std::is_integral_v<decltype(x)>) {
      return wrapping_subtract(decltype(x)(0), x);
    } else {
      return -x;
    }
  });
}

}  // namespace tenon::cpu_ref
