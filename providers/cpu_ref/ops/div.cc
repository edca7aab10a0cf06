// Div: C = A / B with broadcasting; integers truncate toward zero, an integer divided by 0 is an error, and the
// smallest integer divided by -1 wraps around to itself. C may be A or B.
#include "divisor_check.h"
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_div(const sdk::KernelInfo& info) {
  return with_divisor_check(make_binary<NumericTypes>(info, [](auto a, auto b) { return total_divide(a, b); }));
}

}  // namespace tenon::cpu_ref
