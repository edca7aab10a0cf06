// ReduceMax: the largest element over the axes, NaN if any is; over nothing minus infinity, or the smallest value of
// types without one. For booleans true if any is.
#include "reduce.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_reduce_max(const sdk::KernelInfo& info) {
  return make_reduce<NumericAndBoolTypes>(info, [](auto tag, const auto& each, int64_t) {
    using T = decltype(tag);
    using C = Compute<T>;
    using Limits = std::numeric_limits<C>;
    C result = Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
    each([&](C v) { result = nan_max(result, v); });
    return static_cast<T>(result);
  });
}

}  // namespace tenon::cpu_ref
