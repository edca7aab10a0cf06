// QuickGelu: Y = X / (1 + e^(-alpha X)), the sigmoid written so that the power cannot overflow. Y may be X.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_quick_gelu(const sdk::KernelInfo& info) {
  const float alpha = info.attr_float("alpha", 1.702f);
  return make_unary<FloatTypes>([alpha](auto x) {
    const auto e = std::exp(-std::abs(alpha * x));
    return alpha * x < 0 ? x * (e / (1 + e)) : x / (1 + e);
  });
}

}  // namespace tenon::cpu_ref
