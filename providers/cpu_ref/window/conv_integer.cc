// ConvInteger: Conv of X - x_zero_point and W - w_zero_point, 8-bit integers, summed in int32, which wraps around.
// Padding counts as x_zero_point. The zero point of W is a scalar or one per filter. Scratch: that of convolve_bytes.
#include <algorithm>

#include "dispatch.h"
#include "window/integer_convolution.h"

namespace tenon::cpu_ref {
namespace {

class ConvInteger final : public sdk::Kernel {
 public:
  ConvInteger(sdk::WindowAttributes attributes, int64_t groups) : attributes_(std::move(attributes)), groups_(groups) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), w = run.input(1);
    TN_ASSIGN_OR_RETURN(const Convolution c, resolve_convolution(attributes_, groups_, x, w));
    if (run.has_input(2) && run.input(2).count() != 1)
      return sdk::invalid_argument("input x_zero_point has shape ", sdk::shape_text(run.input(2).shape()),
                                   ", expected a scalar");
    if (run.has_input(3) && run.input(3).count() != 1 && run.input(3).count() != c.filters)
      return sdk::invalid_argument("input w_zero_point has shape ", sdk::shape_text(run.input(3).shape()),
                                   ", expected a scalar or ", c.filters, " values, one per filter");
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_INT32, c.output_shape()));
    return visit_types<int8_t, uint8_t>(x.dtype(), [&](auto x_tag) {
      return visit_types<int8_t, uint8_t>(
          w.dtype(), [&](auto w_tag) { return convolve_types<decltype(x_tag), decltype(w_tag)>(run, c, y); });
    });
  }

 private:
  template <typename X, typename W>
  static sdk::Status convolve_types(sdk::RunContext& run, const Convolution& c, const sdk::MutableTensorView& y) {
    const int32_t x_zero = run.has_input(2) ? *run.input(2).data<X>() : 0;
    const W* w_zeros = run.has_input(3) ? run.input(3).data<W>() : nullptr;
    const bool per_filter = w_zeros != nullptr && run.input(3).count() > 1;
    // Sums are unsigned, so that they wrap around by definition.
    return convolve_bytes(
        run, c, run.input(0).data<X>(), run.input(1).data<W>(), y.data<int32_t>(),
        [=](X v) { return int16_t(int32_t(v) - x_zero); },
        [=](int64_t m, W v) { return int16_t(int32_t(v) - (w_zeros ? int32_t(w_zeros[per_filter ? m : 0]) : 0)); },
        [](int64_t) { return 0u; }, [](uint32_t sum, int64_t) { return sum; });
  }

  sdk::WindowAttributes attributes_;
  int64_t groups_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_conv_integer(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(sdk::WindowAttributes attributes, sdk::WindowAttributes::parse_convolution(info));
  return std::make_unique<ConvInteger>(std::move(attributes), info.attr_int("group"));
}

}  // namespace tenon::cpu_ref
