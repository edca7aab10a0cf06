// Add, Sub, Mul, Div of two tensors and, since opset 8, Sum of any number, with broadcasting. The result may be an
// operand of its shape.
#include <algorithm>

#include "broadcast.h"

namespace tenon::cpu_blas {
namespace {

class BinaryKernel final : public sdk::Kernel {
 public:
  explicit BinaryKernel(simd::Binary op) : op_(op) {}
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView a = run.input(0);
    const sdk::TensorView b = run.input(1);
    TN_ASSIGN_OR_RETURN(const sdk::Shape shape, sdk::broadcast_shape(a.shape(), b.shape()));
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, TN_FLOAT, shape));
    broadcast_binary(run, op_, {a.data<float>(), a.shape()}, {b.data<float>(), b.shape()}, y.data<float>());
    return {};
  }

 private:
  simd::Binary op_;
};

class SumKernel final : public sdk::Kernel {
 public:
  explicit SumKernel(int version) : version_(version) {}
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView first = run.input(0);
    sdk::Shape shape(first.shape().begin(), first.shape().end());
    for (uint32_t i = 1; i < run.input_count(); ++i) {
      TN_RETURN_IF_ERROR(sdk::check_variadic(shape, run.input(i).shape(), version_));
      TN_ASSIGN_OR_RETURN(shape, sdk::broadcast_shape(shape, run.input(i).shape()));
    }
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, TN_FLOAT, shape));
    if (run.input_count() == 1) {
      copy_all(first, y);
      return {};
    }
    if (std::equal(shape.begin(), shape.end(), first.shape().begin(), first.shape().end())) {
      const sdk::TensorView second = run.input(1);
      broadcast_binary(run, simd::Binary::kAdd, {first.data<float>(), first.shape()},
                       {second.data<float>(), second.shape()}, y.data<float>());
      return add_from(run, 2, y);
    }
    std::fill(y.data<float>(), y.data<float>() + y.count(), 0.0f);
    return add_from(run, 0, y);
  }

 private:
  /// Adds the inputs from `begin` on to y.
  static sdk::Status add_from(sdk::RunContext& run, uint32_t begin, const sdk::MutableTensorView& y) {
    for (uint32_t i = begin; i < run.input_count(); ++i) {
      const sdk::TensorView x = run.input(i);
      broadcast_binary(run, simd::Binary::kAdd, {y.data<float>(), y.shape()}, {x.data<float>(), x.shape()},
                       y.data<float>());
    }
    return {};
  }

  const int version_;
};

sdk::Result<sdk::KernelPtr> binary(simd::Binary op) {
  return sdk::KernelPtr(std::make_unique<BinaryKernel>(op));
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_add(const sdk::KernelInfo&) {
  return binary(simd::Binary::kAdd);
}
sdk::Result<sdk::KernelPtr> make_sub(const sdk::KernelInfo&) {
  return binary(simd::Binary::kSub);
}
sdk::Result<sdk::KernelPtr> make_mul(const sdk::KernelInfo&) {
  return binary(simd::Binary::kMul);
}
sdk::Result<sdk::KernelPtr> make_div(const sdk::KernelInfo&) {
  return binary(simd::Binary::kDiv);
}
sdk::Result<sdk::KernelPtr> make_sum(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<SumKernel>(info.since_version()));
}

}  // namespace tenon::cpu_blas
