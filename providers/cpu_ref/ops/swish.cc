// Swish: Y = X / (1 + e^(-alpha * X)). Y may be X.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_swish(const sdk::KernelInfo& info) {
  const float alpha = info.attr_float("alpha", 1.0f);
  return make_unary<FloatTypes>([alpha](auto x) { return x / (1 + std::exp(-alpha * x)); });
}

}  // namespace tenon::cpu_ref
