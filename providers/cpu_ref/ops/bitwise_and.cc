// BitwiseAnd: C = A & B, bit by bit, with broadcasting. C may be A or B.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_bitwise_and(const sdk::KernelInfo& info) {
  return make_binary<IntTypes>(info, [](auto a, auto b) { return a & b; });
}

}  // namespace tenon::cpu_ref
