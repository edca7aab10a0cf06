// Shape: the dimensions [start, end) of the input as int64.
#include <algorithm>
#include <tenon/sdk/geometry/axes.hpp>

#include "common.h"

namespace tenon::cpu_blas {
namespace {

class ShapeKernel final : public sdk::Kernel {
 public:
  explicit ShapeKernel(const sdk::KernelInfo& info)
      : start_(info.attr_int("start")), end_(info.attr_int("end", INT64_MAX)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::ShapeView shape = run.input(0).shape();
    const auto [first, last] = sdk::listed_dimensions(start_, end_, shape.size());
    const int64_t count[] = {static_cast<int64_t>(last - first)};
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, TN_INT64, count));
    run.count(TN_COUNT_BYTES, y.byte_length());
    std::copy(shape.begin() + first, shape.begin() + last, y.data<int64_t>());
    return {};
  }

 private:
  int64_t start_, end_;
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
  return sdk::KernelPtr(std::make_unique<ShapeKernel>(info));
}

sdk::Result<sdk::KernelPtr> make_size(const sdk::KernelInfo&) {
  return sdk::KernelPtr(std::make_unique<Size>());
}

}  // namespace tenon::cpu_blas
