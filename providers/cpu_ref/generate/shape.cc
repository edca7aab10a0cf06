// Shape: the input's dimensions [start, end) as int64. Negative bounds count from the end; both are clamped to the
// rank. Size: the number of the input's elements, an int64 scalar.
#include <algorithm>
#include <limits>
#include <tenon/sdk/geometry/axes.hpp>
#include <tenon/sdk/kernel.hpp>

namespace tenon::cpu_ref {
namespace {

class Shape final : public sdk::Kernel {
 public:
  explicit Shape(const sdk::KernelInfo& info)
      : start_(info.attr_int("start")), end_(info.attr_int("end", std::numeric_limits<int64_t>::max())) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    const auto [first, last] = sdk::listed_dimensions(start_, end_, x.shape().size());
    const int64_t shape[] = {static_cast<int64_t>(last - first)};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_INT64, shape));
    run.count(TN_COUNT_BYTES, y.byte_length());
    std::copy(x.shape().begin() + first, x.shape().begin() + last, y.data<int64_t>());
    return {};
  }

 private:
  int64_t start_;
  int64_t end_;
};

class Size final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override {
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_INT64, {}));
    run.count(TN_COUNT_BYTES, y.byte_length());
    *y.data<int64_t>() = run.input(0).count();
    return {};
  }
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_shape(const sdk::KernelInfo& info) {
  return std::make_unique<Shape>(info);
}

sdk::Result<sdk::KernelPtr> make_size(const sdk::KernelInfo&) {
  return std::make_unique<Size>();
}

}  // namespace tenon::cpu_ref
