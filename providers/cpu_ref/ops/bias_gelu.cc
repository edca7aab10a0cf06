// BiasGelu: with x = A + B, B along the last axis, Y = x/2 * (1 + erf(x / sqrt 2)). Y may be A.
#include "biased_unary.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_bias_gelu(const sdk::KernelInfo&) {
  return make_biased_unary([](double x) { return x / 2 * (1 + std::erf(x * 0.7071067811865476)); });
}

}  // namespace tenon::cpu_ref
