// Conv: Y[n, m, o] = B[m] + sum over c, k of X[n, g * C/group + c, o * strides + k * dilations - pads] * W[m, c, k],
// where g is the group of filter m and X is 0 outside its bounds. X: N x C x D1..., W: M x C/group x k1..., B: M (0
// when left out). FusedConv: Conv, to whose result Z of the same shape is added, if given, before the activation. Sums
// are taken in double and rounded once.
#include "arithmetic.h"
#include "elementwise/activation.h"
#include "window/convolution.h"

namespace tenon::cpu_ref {
namespace {

class ConvKernel final : public sdk::Kernel {
 public:
  static sdk::Result<sdk::KernelPtr> create(const sdk::KernelInfo& info, const Activation& activation) {
    TN_ASSIGN_OR_RETURN(sdk::WindowAttributes attributes, sdk::WindowAttributes::parse_convolution(info));
    return sdk::KernelPtr(new ConvKernel(std::move(attributes), info.attr_int("group"), activation));
  }

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), w = run.input(1);
    TN_ASSIGN_OR_RETURN(const Convolution c, resolve_convolution(attributes_, groups_, x, w));
    const bool has_bias = run.has_input(2), has_sum = run.has_input(3);
    if (has_bias && (run.input(2).rank() != 1 || run.input(2).dim(0) != c.filters))
      return sdk::invalid_argument("input B has shape ", sdk::shape_text(run.input(2).shape()), ", expected ",
                                   c.filters, ", a value per filter");
    if (has_sum && to_shape(run.input(3).shape()) != c.output_shape())
      return sdk::invalid_argument("input Z has shape ", sdk::shape_text(run.input(3).shape()), ", expected ",
                                   sdk::shape_text(c.output_shape()), ", the shape of Y, which it is added to");
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), c.output_shape()));
    return visit_floats(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      const T* bias = has_bias ? run.input(2).data<T>() : nullptr;
      const T* sum = has_sum ? run.input(3).data<T>() : nullptr;
      return convolve<double>(
          run, c, x.data<T>(), w.data<T>(), y.data<T>(), [](T v) { return double(v); },
          [](int64_t, T v) { return double(v); }, [&](int64_t m) { return bias ? double(bias[m]) : 0.0; },
          [&](double value, int64_t i) { return from_double<T>(activation_(sum ? value + double(sum[i]) : value)); });
    });
  }

 private:
  ConvKernel(sdk::WindowAttributes attributes, int64_t groups, const Activation& activation)
      : attributes_(std::move(attributes)), groups_(groups), activation_(activation) {}

  sdk::WindowAttributes attributes_;
  int64_t groups_;
  Activation activation_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_conv(const sdk::KernelInfo& info) {
  return ConvKernel::create(info, Activation());
}

sdk::Result<sdk::KernelPtr> make_fused_conv(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const Activation activation,
                      Activation::create(info.attr_string("activation"), info.attr_floats("activation_params")));
  return ConvKernel::create(info, activation);
}

}  // namespace tenon::cpu_ref
