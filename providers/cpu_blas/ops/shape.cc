// Shape: the dimensions [start, end) of the input as int64.
#include <algorithm>

#include "common.h"

namespace tenon::cpu_blas {
namespace {

class ShapeKernel final : public sdk::Kernel {
 public:
  explicit ShapeKernel(const sdk::KernelInfo& info)
      : start_(info.attr_int("start")), end_(info.attr_int("end", INT64_MAX)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::ShapeView shape = run.input(0).shape();
    const int64_t rank = static_cast<int64_t>(shape.size());
    const auto clamp = [&](int64_t i) { return i < -rank ? 0 : std::min(i < 0 ? i + rank : i, rank); };
    const int64_t begin = clamp(start_);
    const int64_t count = std::max<int64_t>(0, clamp(end_) - begin);
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, TN_INT64, sdk::Shape{count}));
    std::copy(shape.begin() + begin, shape.begin() + begin + count, y.data<int64_t>());
    return {};
  }

 private:
  int64_t start_, end_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_shape(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<ShapeKernel>(info));
}

}  // namespace tenon::cpu_blas
