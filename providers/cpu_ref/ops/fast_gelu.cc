// FastGelu: with x = X + bias, the bias along the last axis or left out, Y = x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715
// x^3))). Y may be X.
#include "biased_unary.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_fast_gelu(const sdk::KernelInfo&) {
  return make_biased_unary(
      [](double x) { return x / 2 * (1 + std::tanh(0.7978845608028654 * (x + 0.044715 * x * x * x))); });
}

}  // namespace tenon::cpu_ref
