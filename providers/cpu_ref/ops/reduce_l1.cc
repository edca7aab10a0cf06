// ReduceL1: the sum of magnitudes over the axes; 0 over nothing. Integers wrap around.
#include "reduce.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_reduce_l1(const sdk::KernelInfo& info) {
  return make_reduce<NumericTypes>(info, [](auto tag, const auto& each, int64_t) {
    using T = decltype(tag);
    return from_accumulator<T>(
        sum_of<T>(each, [](auto v) { return v < 0 ? wrapping_subtract(decltype(v)(0), v) : v; }));
  });
}

}  // namespace tenon::cpu_ref
