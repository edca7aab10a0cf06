// ReduceMin: the smallest element over the axes, NaN if any is; over nothing infinity, or the largest value of types
// without one. For booleans false if any is.
#include "reduce.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_reduce_min(const sdk::KernelInfo& info) {
  return make_reduce<NumericAndBoolTypes>(info, [](auto tag, const auto& each, int64_t) {
    using T = decltype(tag);
    using C = Compute<T>;
    using Limits = std::numeric_limits<C>;
    C result = Limits::has_infinity ? Limits::infinity() : Limits::max();
    each([&](C v) { result = nan_min(result, v); });
    return static_cast<T>(result);
  });
}

}  // namespace tenon::cpu_ref
