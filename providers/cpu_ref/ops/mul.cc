// Mul: C = A * B with broadcasting; integers wrap around. C may be A or B.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_mul(const sdk::KernelInfo& info) {
  return make_binary<NumericTypes>(info, [](auto a, auto b) { return wrapping_multiply(a, b); });
}

}  // namespace tenon::cpu_ref
