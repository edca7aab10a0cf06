// Softplus: Y = ln(1 + e^X), element by element. Y may be X. Written so that e^X cannot
// overflow.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_softplus(const sdk::KernelInfo&) {
  return make_unary<FloatTypes>(
      [](auto x) { return std::max(x, decltype(x)(0)) + std::log1p(std::exp(-std::abs(x))); });
}

}  // namespace tenon::cpu_ref
