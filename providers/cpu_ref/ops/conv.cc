// Conv: Y[n, m, o] = B[m] + sum over c, k of X[n, g * C/group + c, o * strides + k * dilations - pads] * W[m, c, k],
// where g is the group of filter m and X is 0 outside its bounds. X: N x C x D1..., W: M x C/group x k1..., B: M (0
// when left out). Sums are taken in double and rounded at the end.
#include <algorithm>

#include "convolution.h"
#include "dispatch.h"

namespace tenon::cpu_ref {
namespace {

class Conv final : public sdk::Kernel {
 public:
  explicit Conv(const sdk::KernelInfo& info) : attributes_(info), groups_(info.attr_int("group", 1)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), w = run.input(1);
    TN_ASSIGN_OR_RETURN(const Convolution c, resolve_convolution(attributes_, groups_, x, w));
    const bool has_bias = run.has_input(2);
    if (has_bias && (run.input(2).rank() != 1 || run.input(2).dim(0) != c.filters))
      return sdk::invalid_argument("input B has shape ", sdk::shape_text(run.input(2).shape()), ", expected ",
                                   c.filters, ", a value per filter");
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), c.output_shape()));
    return visit_floats(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      const T* bias = has_bias ? run.input(2).data<T>() : nullptr;
      const auto load = [](T v) { return double(v); };
      return convolve<double>(
          run, c, x.data<T>(), w.data<T>(), y.data<T>(), load, [](int64_t, T v) { return double(v); },
          [&](int64_t m) { return bias ? double(bias[m]) : 0.0; });
    });
  }

 private:
  WindowAttributes attributes_;
  int64_t groups_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_conv(const sdk::KernelInfo& info) {
  return std::make_unique<Conv>(info);
}

}  // namespace tenon::cpu_ref
