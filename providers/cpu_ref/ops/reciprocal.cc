// Reciprocal: Y = 1 / X, element by element. Y may be X. Infinite at 0.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_reciprocal(const sdk::KernelInfo&) {
  return make_unary<FloatTypes>([](auto x) { return decltype(x)(1) / x; });
}

}  // namespace tenon::cpu_ref
