// ReduceLogSumExp: ln(sum of e^x) over the axes, shifted by the largest x so that the powers cannot overflow; minus
// infinity over nothing, where the type has it.
#include "reduce.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_reduce_log_sum_exp(const sdk::KernelInfo& info) {
  return make_reduce<NumericTypes>(info, [](auto tag, const auto& each, int64_t) {
    using T = decltype(tag);
    double largest = -std::numeric_limits<double>::infinity();
    each([&](auto v) { largest = nan_max(largest, static_cast<double>(v)); });
    if (std::isinf(largest)) return from_double<T>(largest);
    const double sum = sum_of<double>(each, [largest](double v) { return std::exp(v - largest); });
    return from_double<T>(largest + std::log(sum));
  });
}

}  // namespace tenon::cpu_ref
