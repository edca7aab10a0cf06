// LessOrEqual: C = A <= B with broadcasting. C is bool; false where either is NaN.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_less_or_equal(const sdk::KernelInfo& info) {
  return make_comparison<NumericTypes>(info, [](auto a, auto b) { return a <= b; });
}

}  // namespace tenon::cpu_ref
