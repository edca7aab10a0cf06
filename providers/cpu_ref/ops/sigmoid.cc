// Sigmoid: Y = 1 / (1 + e^-X), element by element, written so that the power cannot overflow. Y may be X.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_sigmoid(const sdk::KernelInfo&) {
  return make_unary<FloatTypes>([](auto x) {
    const auto e = std::exp(-std::abs(x));
    return x < 0 ? e / (1 + e) : 1 / (1 + e);
  });
}

}  // namespace tenon::cpu_ref
