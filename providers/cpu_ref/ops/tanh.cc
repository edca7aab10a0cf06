// Tanh: Y = tanh X, element by element. Y may be X.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_tanh(const sdk::KernelInfo&) {
  return make_unary<FloatTypes>([](auto x) { return std::tanh(x); });
}

}  // namespace tenon::cpu_ref
