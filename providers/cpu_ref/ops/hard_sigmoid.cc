// HardSigmoid: Y = max(0, min(1, alpha * X + beta)). Y may be X.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_hard_sigmoid(const sdk::KernelInfo& info) {
  const float alpha = info.attr_float("alpha", 0.2f);
  const float beta = info.attr_float("beta", 0.5f);
  return make_unary<FloatTypes>(
      [alpha, beta](auto x) { return nan_max<decltype(x)>(0, nan_min<decltype(x)>(1, alpha * x + beta)); });
}

}  // namespace tenon::cpu_ref
