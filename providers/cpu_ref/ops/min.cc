// Min: Y is the smallest of X0, X1 ... with broadcasting; NaN if any is NaN. Y may be any input.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_min(const sdk::KernelInfo&) {
  return make_variadic<NumericTypes>([](auto a, auto b) { return nan_min(a, b); });
}

}  // namespace tenon::cpu_ref
