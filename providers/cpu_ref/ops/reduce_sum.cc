// ReduceSum: the sum over the axes; 0 over nothing. Integers wrap around.
#include "reduce.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_reduce_sum(const sdk::KernelInfo& info) {
  return make_reduce<NumericTypes>(info, [](auto tag, const auto& each, int64_t) {
    using T = decltype(tag);
    return from_accumulator<T>(sum_of<T>(each, [](auto v) { return v; }));
  });
}

}  // namespace tenon::cpu_ref
