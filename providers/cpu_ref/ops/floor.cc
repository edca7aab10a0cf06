// Floor: Y is the largest integer not above X, element by element. Y may be X.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_floor(const sdk::KernelInfo&) {
  return make_unary<FloatTypes>([](auto x) { return std::floor(x); });
}

}  // namespace tenon::cpu_ref
