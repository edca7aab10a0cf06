// Cos: Y = cos X, X in radians, element by element. Y may be X.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_cos(const sdk::KernelInfo&) {
  return make_unary<FloatTypes>([](auto x) { return std::cos(x); });
}

}  // namespace tenon::cpu_ref
