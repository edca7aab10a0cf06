// QLinearConv of ONNX and of ONNX Runtime: y = saturate(round(sum x_scale w_scale / y_scale) + y_zero_point), where sum
// is the Conv of x - x_zero_point and w - w_zero_point plus the bias, in int32, which wraps around. Padding counts as
// x_zero_point. Scale and zero point of w are one for all or one per filter. Rounds half to even.
// Scratch: that of convolve_bytes.
#include <algorithm>
#include <cmath>

#include "arithmetic.h"
#include "parameters.h"
#include "window/channels_last.h"
#include "window/integer_convolution.h"

namespace tenon::cpu_ref {
namespace {

constexpr uint32_t kX = 0, kXScale = 1, kXZero = 2, kW = 3, kWScale = 4, kWZero = 5, kYScale = 6, kYZero = 7, kBias = 8;

using Bytes = TypeList<int8_t, uint8_t>;

sdk::Status expect_count(const sdk::RunContext& run, uint32_t input, const char* name, int64_t filters) {
  const int64_t count = run.input(input).count();
  if (count == 1 || count == filters) return {};
  return sdk::invalid_argument(
      "input ", name, " has shape ", sdk::shape_text(run.input(input).shape()), ", expected ",
      filters > 1 ? sdk::concat("one number, or ", filters, ", one per filter") : "one number");
}

class QLinearConv final : public sdk::Kernel {
 public:
  QLinearConv(sdk::WindowAttributes attributes, int64_t groups) : attributes_(std::move(attributes)), groups_(groups) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(kX), w = run.input(kW);
    TN_ASSIGN_OR_RETURN(const Convolution c, resolve_convolution(attributes_, groups_, x, w));
    TN_RETURN_IF_ERROR(expect_count(run, kXScale, "x_scale", 1));
    TN_RETURN_IF_ERROR(expect_count(run, kXZero, "x_zero_point", 1));
    TN_RETURN_IF_ERROR(expect_count(run, kWScale, "w_scale", c.filters));
    TN_RETURN_IF_ERROR(expect_count(run, kWZero, "w_zero_point", c.filters));
    TN_RETURN_IF_ERROR(expect_count(run, kYScale, "y_scale", 1));
    TN_RETURN_IF_ERROR(expect_count(run, kYZero, "y_zero_point", 1));
    if (run.has_input(kBias) && run.input(kBias).count() != c.filters)
      return sdk::invalid_argument("input B has shape ", sdk::shape_text(run.input(kBias).shape()), ", expected ",
                                   c.filters, " values, one per filter");
    const tn_dtype result = run.input(kYZero).dtype();
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, result, c.output_shape()));
    return visit_list(Bytes{}, x.dtype(), [&](auto x_tag) {
      return visit_list(Bytes{}, w.dtype(), [&](auto w_tag) {
        return visit_list(Bytes{}, result, [&](auto y_tag) {
          return convolve_types<decltype(x_tag), decltype(w_tag), decltype(y_tag)>(run, c, y);
        });
      });
    });
  }

 private:
  template <typename X, typename W, typename Y>
  static sdk::Status convolve_types(sdk::RunContext& run, const Convolution& c, const sdk::MutableTensorView& y) {
    const int64_t plane = c.window.output_size();
    const int32_t x_zero = *run.input(kXZero).data<X>();
    const double y_zero = *run.input(kYZero).data<Y>();
    const W* const w_zeros = run.input(kWZero).data<W>();
    const bool has_zero_each = run.input(kWZero).count() > 1;
    const int32_t* const bias = run.has_input(kBias) ? run.input(kBias).data<int32_t>() : nullptr;
    const double per_tensor = double(*run.input(kXScale).data<float>()) / double(*run.input(kYScale).data<float>());
    std::vector<double> scales(static_cast<size_t>(c.filters));
    for (int64_t m = 0; m < c.filters; ++m)
      scales[static_cast<size_t>(m)] =
          per_tensor * double(run.input(kWScale).data<float>()[run.input(kWScale).count() > 1 ? m : 0]);
    // Sums are unsigned, so that they wrap around by definition.
    return convolve_bytes(
        run, c, run.input(kX).data<X>(), run.input(kW).data<W>(), y.data<Y>(),
        [=](X v) { return int16_t(int32_t(v) - x_zero); },
        [=](int64_t m, W v) { return int16_t(int32_t(v) - int32_t(w_zeros[has_zero_each ? m : 0])); },
        [=](int64_t m) { return bias == nullptr ? 0u : uint32_t(bias[m]); },
        [&](uint32_t sum, int64_t i) {
          const double scale = scales[static_cast<size_t>(i / plane % c.filters)];
          return truncate_to<Y>(round_half_even(double(int32_t(sum)) * scale) + y_zero);
        });
  }

  sdk::WindowAttributes attributes_;
  int64_t groups_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_qlinear_conv(const sdk::KernelInfo& info) {
  for (const uint32_t input : {kX, kW, kYZero})
    TN_RETURN_IF_ERROR(check_type(Bytes{}, info.input(input), "of a quantized tensor"));
  TN_ASSIGN_OR_RETURN(sdk::WindowAttributes attributes, sdk::WindowAttributes::parse_convolution(info));
  sdk::KernelPtr kernel = std::make_unique<QLinearConv>(std::move(attributes), info.attr_int("group"));
  return info.attr_int("channels_last", 0) != 0 ? for_channels_last(std::move(kernel)) : std::move(kernel);
}

}  // namespace tenon::cpu_ref
