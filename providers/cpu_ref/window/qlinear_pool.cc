// QLinearAveragePool and QLinearGlobalAveragePool: Y = quantized(the mean of the real numbers that each window of X
// stands for). Padding counts as real zeros if count_include_pad is set and not at all otherwise; a window over nothing
// gives 0. The channels of X and Y are second, or last where channels_last is set; then scratch: both with them second.
#include <algorithm>

#include "quantize/quantization.h"
#include "window/channels_last.h"
#include "window/window.h"

namespace tenon::cpu_ref {
namespace {

class QLinearAveragePool final : public sdk::Kernel {
 public:
  /// Without attributes the window is the whole plane.
  QLinearAveragePool(std::optional<sdk::WindowAttributes> attributes, bool include_padding)
      : attributes_(std::move(attributes)), include_padding_(include_padding) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const Quantization of_x, quantization_of(run, 1, 2, "X"));
    TN_ASSIGN_OR_RETURN(const Quantization of_y, quantization_of(run, 3, 4, "Y"));
    sdk::WindowAttributes whole_plane;
    for (int64_t d = 2; d < x.rank(); ++d) whole_plane.kernel.push_back(std::max<int64_t>(x.dim(d), 1));
    TN_ASSIGN_OR_RETURN(const Pooling pooling, resolve_pooling(attributes_ ? *attributes_ : whole_plane, x));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), pooling.output_shape));
    if (y.count() == 0) return {};
    return visit_list(ByteTypes{}, x.dtype(), [&](auto tag) {
      using T = decltype(tag);
      return pool(run, pooling.window, real_numbers<T>(of_x), of_y, y.template data<T>());
    });
  }

 private:
  template <typename T>
  sdk::Status pool(sdk::RunContext& run, const Window& window, const std::array<double, 256>& reals,
                   const Quantization& of_y, T* y) const {
    const sdk::TensorView x = run.input(0);
    const auto* in = static_cast<const uint8_t*>(x.raw());
    const int64_t in_plane = window.input_size(), out_plane = window.output_size();
    const std::vector<double> counts = window_sizes(window, include_padding_);
    TN_ASSIGN_OR_RETURN(double* const sums, run.scratch<double>(size_t(run.max_workers()) * size_t(out_plane)));
    run.parallel_for(x.dim(0) * x.dim(1), double(out_plane) * double(window.taps()),
                     [&](uint32_t worker, int64_t begin, int64_t end) {
                       double* sum = sums + int64_t(worker) * out_plane;
                       for (int64_t p = begin; p < end && !run.cancelled(); ++p) {
                         std::fill(sum, sum + out_plane, 0.0);
                         const uint8_t* plane = in + p * in_plane;
                         if (!attributes_)
                           for (int64_t i = 0; i < in_plane; ++i) *sum += reals[plane[i]];
                         if (attributes_)
                           for_each_tap_row(window, [&](int64_t, int64_t out, int64_t n, int64_t first, int64_t step) {
                             for (int64_t i = 0; i < n; ++i) sum[out + i] += reals[plane[first + i * step]];
                           });
                         for (int64_t i = 0; i < out_plane; ++i)
                           y[p * out_plane + i] =
                               quantized<T>(counts[size_t(i)] > 0 ? sum[i] / counts[size_t(i)] : 0.0, of_y);
                       }
                     });
    return {};
  }

  std::optional<sdk::WindowAttributes> attributes_;
  bool include_padding_;
};

sdk::Result<sdk::KernelPtr> make_qlinear_pool(const sdk::KernelInfo& info,
                                              std::optional<sdk::WindowAttributes> attributes, bool include_padding) {
  sdk::KernelPtr kernel = std::make_unique<QLinearAveragePool>(std::move(attributes), include_padding);
  return info.attr_int("channels_last") != 0 ? for_channels_last(std::move(kernel)) : std::move(kernel);
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_qlinear_average_pool(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(sdk::WindowAttributes attributes, sdk::WindowAttributes::parse(info));
  return make_qlinear_pool(info, std::move(attributes), info.attr_int("count_include_pad") != 0);
}

sdk::Result<sdk::KernelPtr> make_qlinear_global_average_pool(const sdk::KernelInfo& info) {
  return make_qlinear_pool(info, std::nullopt, false);
}

}  // namespace tenon::cpu_ref
