// Elu: Y = X where X >= 0, alpha * (e^X - 1) elsewhere. Y may be X.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_elu(const sdk::KernelInfo& info) {
  const float alpha = info.attr_float("alpha", 1.0f);
  return make_unary<FloatTypes>([alpha](auto x) { return x < 0 ? alpha * std::expm1(x) : x; });
}

}  // namespace tenon::cpu_ref
