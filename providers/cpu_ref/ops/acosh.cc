// Acosh: Y = arcosh X, element by element. Y may be X.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_acosh(const sdk::KernelInfo&) {
  return make_unary<FloatTypes>([](auto x) { return std::acosh(x); });
}

}  // namespace tenon::cpu_ref
