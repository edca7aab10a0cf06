// Sum: Y = X0 + X1 + ... with broadcasting. Y may be any input.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_sum(const sdk::KernelInfo&) {
  return make_variadic<FloatTypes>([](auto a, auto b) { return a + b; });
}

}  // namespace tenon::cpu_ref
