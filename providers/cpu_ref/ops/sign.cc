// Sign: Y = -1, 0 or 1 by the sign of X, element by element; NaN stays NaN. Y may be X.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_sign(const sdk::KernelInfo&) {
  return make_unary<NumericTypes>([](auto x) {
    using T = decltype(x);
    return x > 0 ? T(1) : x == 0 ? T(0) : x != x ? x : static_cast<T>(-1);
  });
}

}  // namespace tenon::cpu_ref
