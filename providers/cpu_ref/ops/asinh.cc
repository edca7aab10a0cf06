// Asinh: Y = arsinh X, element by element. Y may be X.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_asinh(const sdk::KernelInfo&) {
  return make_unary<FloatTypes>([](auto x) { return std::asinh(x); });
}

}  // namespace tenon::cpu_ref
