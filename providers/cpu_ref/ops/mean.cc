// Mean: Y = (X0 + X1 + ...) / number of inputs, with broadcasting. Y may be any input.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_mean(const sdk::KernelInfo&) {
  return make_variadic<FloatTypes>([](auto a, auto b) { return a + b; },
                                   [](auto sum, size_t n) { return sum / static_cast<double>(n); });
}

}  // namespace tenon::cpu_ref
