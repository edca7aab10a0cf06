// HardSwish: Y = X * max(0, min(1, X / 6 + 1/2)), element by element. Y may be X.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_hard_swish(const sdk::KernelInfo&) {
  return make_unary<FloatTypes>(
      [](auto x) { return x * nan_max<decltype(x)>(0, nan_min<decltype(x)>(1, x / 6 + decltype(x)(0.5))); });
}

}  // namespace tenon::cpu_ref
