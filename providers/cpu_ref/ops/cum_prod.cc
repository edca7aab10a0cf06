// CumProd: running products along the axis in input 1, inclusive or exclusive, from either end; integers wrap around. Y
// may be X.
#include "cumulate.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_cum_prod(const sdk::KernelInfo& info) {
  return make_cumulate(info, 1, [](auto a, auto b) { return wrapping_multiply(a, b); });
}

}  // namespace tenon::cpu_ref
