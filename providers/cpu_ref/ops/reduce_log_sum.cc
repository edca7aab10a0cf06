// ReduceLogSum: the logarithm of the sum over the axes; minus infinity over nothing, where the type has it.
#include "reduce.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_reduce_log_sum(const sdk::KernelInfo& info) {
  return make_reduce<NumericTypes>(info, [](auto tag, const auto& each, int64_t) {
    using T = decltype(tag);
    return from_double<T>(std::log(static_cast<double>(sum_of<T>(each, [](auto v) { return v; }))));
  });
}

}  // namespace tenon::cpu_ref
