// Celu: Y = max(0, X) + min(0, alpha * (e^(X / alpha) - 1)). Y may be X.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_celu(const sdk::KernelInfo& info) {
  const float alpha = info.attr_float("alpha", 1.0f);
  return make_unary<FloatTypes>([alpha](auto x) {
    using T = decltype(x);
    return std::max<T>(x, 0) + std::min<T>(0, alpha * std::expm1(x / alpha));
  });
}

}  // namespace tenon::cpu_ref
