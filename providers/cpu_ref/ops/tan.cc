// Tan: Y = tan X, X in radians, element by element. Y may be X.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_tan(const sdk::KernelInfo&) {
  return make_unary<FloatTypes>([](auto x) { return std::tan(x); });
}

}  // namespace tenon::cpu_ref
