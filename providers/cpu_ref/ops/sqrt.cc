// Sqrt: Y = X^(1/2), element by element. Y may be X. NaN below 0.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_sqrt(const sdk::KernelInfo&) {
  return make_unary<FloatTypes>([](auto x) { return std::sqrt(x); });
}

}  // namespace tenon::cpu_ref
