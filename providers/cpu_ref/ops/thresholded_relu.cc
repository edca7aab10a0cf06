// ThresholdedRelu: Y = X where X > alpha, 0 elsewhere. Y may be X.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_thresholded_relu(const sdk::KernelInfo& info) {
  const float alpha = info.attr_float("alpha", 1.0f);
  return make_unary<FloatTypes>([alpha](auto x) { return x > alpha ? x : decltype(x)(0); });
}

}  // namespace tenon::cpu_ref
