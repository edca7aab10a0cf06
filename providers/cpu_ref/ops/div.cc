// Div: C = A / B with broadcasting; integers truncate toward zero, and an integer divided by 0 is 0. C may be A or B.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_div(const sdk::KernelInfo& info) {
  return make_binary<NumericTypes>(info, [](auto a, auto b) { return total_divide(a, b); });
}

}  // namespace tenon::cpu_ref
