// Mish: Y = X * tanh(ln(1 + e^X)), element by element. Y may be X.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_mish(const sdk::KernelInfo&) {
  return make_unary<FloatTypes>(
      [](auto x) { return x * std::tanh(std::max(x, decltype(x)(0)) + std::log1p(std::exp(-std::abs(x)))); });
}

}  // namespace tenon::cpu_ref
