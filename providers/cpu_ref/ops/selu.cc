// Selu: Y = gamma * X where X > 0, gamma * alpha * (e^X - 1) elsewhere; the defaults have had more digits since
// opset 6. Y may be X.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_selu(const sdk::KernelInfo& info) {
  const bool first = info.since_version() < 6;
  const float alpha = info.attr_float("alpha", first ? 1.6732f : 1.67326319f);
  const float gamma = info.attr_float("gamma", first ? 1.0507f : 1.05070102f);
  return make_unary<FloatTypes>([alpha, gamma](auto x) { return gamma * (x > 0 ? x : alpha * std::expm1(x)); });
}

}  // namespace tenon::cpu_ref
