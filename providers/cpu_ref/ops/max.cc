// Max: Y is the largest of X0, X1 ... with broadcasting; NaN if any is NaN. Y may be any input.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_max(const sdk::KernelInfo&) {
  return make_variadic<NumericTypes>([](auto a, auto b) { return nan_max(a, b); });
}

}  // namespace tenon::cpu_ref
