// ReduceMean: the mean over the axes; over nothing NaN, or 0 for integers, whose mean is truncated.
#include "reduce.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_reduce_mean(const sdk::KernelInfo& info) {
  return make_reduce<NumericTypes>(info, [](auto tag, const auto& each, int64_t n) {
    using T = decltype(tag);
    const auto sum = sum_of<T>(each, [](auto v) { return v; });
    return from_accumulator<T>(total_divide(sum, static_cast<Accumulator<T>>(n)));
  });
}

}  // namespace tenon::cpu_ref
