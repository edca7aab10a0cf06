// Range: start, start + delta, start + 2 delta ... before limit: max(ceil((limit - start) / delta), 0) numbers, which
// are computed in double where they are floats. The inputs are scalars.
#include <algorithm>
#include <cmath>

#include "common.h"

namespace tenon::cpu_blas {
namespace {

sdk::Result<int64_t> range_length(const std::string& node, int64_t start, int64_t limit, int64_t delta) {
  if (delta == 0) return sdk::invalid_argument(node, ": input delta is 0, expected another number");
  if (delta > 0 ? start >= limit : start <= limit) return int64_t{0};
  // Modulo 2^64, so that neither a distance nor a magnitude overflows.
  const auto low = static_cast<uint64_t>(std::min(start, limit)), high = static_cast<uint64_t>(std::max(start, limit));
  const uint64_t step = delta > 0 ? static_cast<uint64_t>(delta) : 0 - static_cast<uint64_t>(delta);
  const uint64_t count = (high - low - 1) / step + 1;
  if (count > static_cast<uint64_t>(INT64_MAX))
    return sdk::invalid_argument(node, ": the range has ", count, " elements: too many");
  return static_cast<int64_t>(count);
}

sdk::Result<int64_t> range_length(const std::string& node, double start, double limit, double delta) {
  const double count = std::ceil((limit - start) / delta);
  if (!(count < 9e15))
    return sdk::invalid_argument(node, ": the range from ", start, " to ", limit, " by ", delta,
                                 " is not finite, expected a finite number of elements");
  return static_cast<int64_t>(std::max(count, 0.0));
}

class Range final : public sdk::Kernel {
 public:
  explicit Range(const sdk::KernelInfo& info) : node_(describe(info)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    for (uint32_t i = 0; i < 3; ++i)
      if (run.input(i).count() != 1)
        return sdk::invalid_argument(node_, ": input ", i, " has shape ", sdk::shape_text(run.input(i).shape()),
                                     ", expected a scalar");
    switch (run.input(0).dtype()) {
      case TN_INT16: return fill<int16_t, int64_t>(run);
      case TN_INT32: return fill<int32_t, int64_t>(run);
      case TN_INT64: return fill<int64_t, int64_t>(run);
      case TN_DOUBLE: return fill<double, double>(run);
      default: return fill<float, double>(run);
    }
  }

 private:
  template <typename T, typename Wide>
  sdk::Status fill(sdk::RunContext& run) const {
    const T start = *run.input(0).data<T>(), limit = *run.input(1).data<T>(), delta = *run.input(2).data<T>();
    TN_ASSIGN_OR_RETURN(const int64_t length, range_length(node_, Wide{start}, Wide{limit}, Wide{delta}));
    const int64_t shape[] = {length};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, run.input(0).dtype(), shape));
    T* out = y.data<T>();
    run.parallel_for(length, 0.5, [&](int64_t begin, int64_t end) {
      constexpr int64_t kNumbersPerLook = int64_t{1} << 20;  // at whether the run is to stop
      for (; begin < end && !run.cancelled(); begin += kNumbersPerLook)
        for (int64_t i = begin; i < std::min(end, begin + kNumbersPerLook); ++i) {
          if constexpr (std::is_integral_v<T>) {
            out[i] =
                static_cast<T>(static_cast<uint64_t>(start) + static_cast<uint64_t>(i) * static_cast<uint64_t>(delta));
          } else {
            out[i] = static_cast<T>(double{start} + static_cast<double>(i) * double{delta});
          }
        }
    });
    return {};
  }

  std::string node_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_range(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<Range>(info));
}

}  // namespace tenon::cpu_blas
