// Shape: the input's dimensions [start, end) as int64. Negative bounds count from the end; both are clamped to the
// rank. Size: the number of the input's elements, an int64 scalar.
#include <algorithm>
#include <limits>
#include <tenon/sdk/kernel.hpp>

namespace tenon::cpu_ref {
namespace {

class Shape final : public sdk::Kernel {
 public:
  explicit Shape(const sdk::KernelInfo& info)
      : start_(info.attr_int("start", 0)), end_(info.attr_int("end", std::numeric_limits<int64_t>::max())) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    const int64_t start = clamp(start_, x.rank());
    const int64_t count = std::max<int64_t>(clamp(end_, x.rank()) - start, 0);
    const int64_t shape[] = {count};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_INT64, shape));
    for (int64_t i = 0; i < count; ++i) y.data<int64_t>()[i] = x.dim(start + i);
    return {};
  }

 private:
  static int64_t clamp(int64_t bound, int64_t rank) {
    return std::clamp<int64_t>(bound < 0 ? bound + rank : bound, 0, rank);
  }

  int64_t start_;
  int64_t end_;
};

class Size final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override {
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_INT64, {}));
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
