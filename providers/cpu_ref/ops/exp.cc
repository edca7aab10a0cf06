// Exp: Y = e^X, element by element. Y may be X.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_exp(const sdk::KernelInfo&) {
  return make_unary<FloatTypes>([](auto x) { return std::exp(x); });
}

}  // namespace tenon::cpu_ref
