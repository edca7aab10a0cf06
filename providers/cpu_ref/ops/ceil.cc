// Ceil: Y is the smallest integer not below X, element by element. Y may be X.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_ceil(const sdk::KernelInfo&) {
  return make_unary<FloatTypes>([](auto x) { return std::ceil(x); });
}

}  // namespace tenon::cpu_ref
