// ReduceL2: the square root of the sum of squares over the axes; 0 over nothing. Integers are truncated.
#include "reduce.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_reduce_l2(const sdk::KernelInfo& info) {
  return make_reduce<NumericTypes>(info, [](auto tag, const auto& each, int64_t) {
    using T = decltype(tag);
    const auto squares = sum_of<double>(each, [](double v) { return v * v; });
    return from_double<T>(std::sqrt(squares));
  });
}

}  // namespace tenon::cpu_ref
