// Softsign: Y = X / (1 + |X|), element by element. Y may be X.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_softsign(const sdk::KernelInfo&) {
  return make_unary<FloatTypes>([](auto x) { return x / (1 + std::abs(x)); });
}

}  // namespace tenon::cpu_ref
