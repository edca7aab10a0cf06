// Range: start, start + delta, start + 2 delta ... before limit: max(ceil((limit - start) / delta), 0) numbers. The
// inputs are scalars; in com.microsoft delta may be left out for 1. Floating-point numbers are computed in double, whatever stash_type says: no less exact.
#include <algorithm>
#include <cmath>
#include <tenon/sdk/kernel.hpp>

#include "dispatch.h"

namespace tenon::cpu_ref {
namespace {

template <typename T>
sdk::Result<int64_t> range_length(T start, T limit, T delta) {
  if constexpr (std::is_integral_v<T>) {
    if (delta == 0) return sdk::invalid_argument("input delta is 0, expected another number");
    if (delta > 0 ? start >= limit : start <= limit) return int64_t(0);
    // Modulo 2^64, so that neither a distance nor a magnitude overflows.
    const uint64_t low = uint64_t(int64_t(std::min(start, limit))), high = uint64_t(int64_t(std::max(start, limit)));
    const uint64_t step = delta > 0 ? uint64_t(delta) : 0 - uint64_t(int64_t(delta));
    const uint64_t count = (high - low - 1) / step + 1;
    if (count > uint64_t(INT64_MAX)) return sdk::invalid_argument("the range has ", count, " elements: too many");
    return int64_t(count);
  } else {
    const double count = std::ceil((double(limit) - double(start)) / double(delta));
    if (!(count < 9e15))
      return sdk::invalid_argument("the range from ", double(start), " to ", double(limit), " by ", double(delta),
                                   " is not finite, expected a finite number of elements");
    return std::max<int64_t>(int64_t(std::max(count, 0.0)), 0);
  }
}

constexpr int64_t kNumbersPerLook = int64_t{1} << 20;  // at whether the run is to stop

class Range final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override {
    for (uint32_t i = 0; i < 3; ++i)
      if (run.has_input(i) && run.input(i).count() != 1)
        return sdk::invalid_argument("input ", i, " has shape ", sdk::shape_text(run.input(i).shape()),
                                     ", expected a scalar");
    return visit_numeric(run.input(0).dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      const T start = *run.input(0).data<T>(), limit = *run.input(1).data<T>();
      const T delta = run.has_input(2) ? *run.input(2).data<T>() : T(1);
      TN_ASSIGN_OR_RETURN(const int64_t length, range_length(start, limit, delta));
      const int64_t shape[] = {length};
      TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, run.input(0).dtype(), shape));
      T* out = y.data<T>();
      for (int64_t i = 0; i < length; ++i) {
        if (i % kNumbersPerLook == 0 && run.cancelled()) return {};
        if constexpr (std::is_integral_v<T>) {
          out[i] = T(uint64_t(start) + uint64_t(i) * uint64_t(delta));
        } else {
          out[i] = T(Compute<T>(double(start) + double(i) * double(delta)));
        }
      }
      return {};
    });
  }
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_range(const sdk::KernelInfo&) {
  return std::make_unique<Range>();
}

}  // namespace tenon::cpu_ref
