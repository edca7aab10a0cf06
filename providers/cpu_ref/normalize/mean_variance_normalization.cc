// MeanVarianceNormalization: Y = (X - mean) / (deviation + 1e-9), both taken over the given axes. Y may be X.
#include <cmath>
#include <tenon/sdk/geometry/reduce.hpp>
#include <utility>

#include "reduce/reduce.h"

namespace tenon::cpu_ref {
namespace {

class MeanVarianceNormalization final : public sdk::Kernel {
 public:
  explicit MeanVarianceNormalization(sdk::Shape axes) : axes_(std::move(axes)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(std::vector<bool> normalized, sdk::reduced_axes(axes_, true, x.shape().size()));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    const ReductionPlan plan(x.shape(), std::move(normalized));
    return visit_floats(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      const double count = static_cast<double>(plan.reduced_count());
      plan.for_each_result([&](int64_t, int64_t base) {
        double sum = 0, squares = 0;
        plan.for_each_reduced(base, [&](int64_t i) { sum += double(x.data<T>()[i]); });
        const double mean = sum / count;
        plan.for_each_reduced(base, [&](int64_t i) {
          const double difference = double(x.data<T>()[i]) - mean;
          squares += difference * difference;
        });
        const double divisor = std::sqrt(squares / count) + 1e-9;
        plan.for_each_reduced(base, [&](int64_t i) {
          y.template data<T>()[i] = from_double<T>((double(x.data<T>()[i]) - mean) / divisor);
        });
      });
      return {};
    });
  }

 private:
  sdk::Shape axes_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_mean_variance_normalization(const sdk::KernelInfo& info) {
  return std::make_unique<MeanVarianceNormalization>(info.attr_ints("axes"));
}

}  // namespace tenon::cpu_ref
