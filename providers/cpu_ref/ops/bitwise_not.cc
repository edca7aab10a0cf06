// BitwiseNot: Y = ~X, element by element. Y may be X.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_bitwise_not(const sdk::KernelInfo&) {
  return make_unary<IntTypes>([](auto x) { return ~x; });
}

}  // namespace tenon::cpu_ref
