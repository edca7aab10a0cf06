// Round: Y is the integer nearest to X, halves to even, element by element. Y may be X.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_round(const sdk::KernelInfo&) {
  return make_unary<FloatTypes>([](auto x) { return std::nearbyint(x); });
}

}  // namespace tenon::cpu_ref
