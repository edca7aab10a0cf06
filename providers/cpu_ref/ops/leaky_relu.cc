// LeakyRelu: Y = X where X >= 0, alpha * X elsewhere. Y may be X.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_leaky_relu(const sdk::KernelInfo& info) {
  const float alpha = info.attr_float("alpha", 0.01f);
  return make_unary<FloatTypes>([alpha](auto x) { return x < 0 ? alpha * x : x; });
}

}  // namespace tenon::cpu_ref
