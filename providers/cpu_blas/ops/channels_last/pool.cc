// MaxPool and AveragePool of tensors whose channels are last (com.ms.internal.nhwc), over one or two spatial
// dimensions. Padding never wins a maximum, NaN always; padding is counted by an average only where count_include_pad
// says so.
#include <algorithm>

#include "common.h"
#include "conv/pool.h"
#include "simd/channels_last.h"
#include "simd/last_pool.h"

namespace tenon::cpu_blas {
namespace {

class LastPool final : public sdk::Kernel {
 public:
  LastPool(std::string node, WindowAttributes window, bool is_max, bool include_pad)
      : node_(std::move(node)), window_(std::move(window)), is_max_(is_max), include_pad_(include_pad) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    const size_t spatial = window_.kernel.size();
    if (x.shape().size() != spatial + 2)
      return sdk::invalid_model(node_, ": X has rank ", x.rank(), ", expected ", spatial + 2, ": N, the ", spatial,
                                " axes of kernel_shape and C");
    TN_ASSIGN_OR_RETURN(const Window2d window, resolve_window(window_, x.shape().subspan(1, spatial), window_.kernel));
    sdk::Shape shape(x.shape().begin(), x.shape().end());
    if (spatial == 2) shape[1] = window.h.out;
    shape[spatial] = window.w.out;
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, TN_FLOAT, shape));
    if (y.count() == 0) return {};
    const std::vector<float> factors = is_max_ ? std::vector<float>() : pool_factors(window, include_pad_);
    const WindowAxis& h = window.h;
    const int64_t channels = shape.back(), in_row = window.w.in * channels, out_row = window.w.out * channels;
    const double cost = static_cast<double>(out_row) *
                        static_cast<double>(std::min(h.kernel, h.in) * std::min(window.w.kernel, window.w.in)) / 8;
    run.parallel_for(shape[0] * h.out, cost, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t o = i % h.out;
        const WindowAxis::Range taps = h.taps_on(o, 0, h.in);
        simd::LastPoolRow row{window.w, channels, nullptr, taps.end - taps.begin, h.dilation * in_row, nullptr};
        row.x = x.data<float>() + (i / h.out * h.in + (row.rows > 0 ? h.input_of(o, taps.begin) : 0)) * in_row;
        row.y = y.data<float>() + i * out_row;
        is_max_ ? simd::max_pool_row(row) : simd::average_pool_row(row, factors.data() + o * window.w.out);
      }
    });
    return {};
  }

 private:
  std::string node_;
  WindowAttributes window_;
  bool is_max_, include_pad_;
};

class LastGlobalPool final : public sdk::Kernel {
 public:
  LastGlobalPool(std::string node, bool is_max) : node_(std::move(node)), is_max_(is_max) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (x.rank() < 2) return sdk::invalid_model(node_, ": X has rank ", x.rank(), ", expected 2 or more: N x ... x C");
    sdk::Shape shape(static_cast<size_t>(x.rank()), 1);
    const int64_t channels = x.shape()[shape.size() - 1], pixels = extent(x.shape(), 1, x.rank() - 1);
    shape.front() = x.dim(0), shape.back() = channels;
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, TN_FLOAT, shape));
    if (y.count() == 0) return {};
    const int64_t parts = ceil_div(channels, simd::kFoldedChannels);
    const double cost =
        static_cast<double>(pixels) * static_cast<double>(std::min(channels, simd::kFoldedChannels)) / 8;
    run.parallel_for(shape[0] * parts, cost, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t first = i % parts * simd::kFoldedChannels,
                      count = std::min(channels - first, simd::kFoldedChannels);
        const float* from = x.data<float>() + i / parts * pixels * channels + first;
        float* to = y.data<float>() + i / parts * channels + first;
        if (is_max_) {
          simd::max_pixels(from, pixels, channels, count, to);
          continue;
        }
        simd::sum_pixels(from, pixels, channels, count, to);
        for (int64_t c = 0; c < count; ++c) to[c] /= static_cast<float>(pixels);
      }
    });
    return {};
  }

 private:
  std::string node_;
  bool is_max_;
};

sdk::Result<sdk::KernelPtr> make_last_pool(const sdk::KernelInfo& info, bool is_max) {
  TN_ASSIGN_OR_RETURN(WindowAttributes window, parse_pool(info));
  return sdk::KernelPtr(
      std::make_unique<LastPool>(describe(info), std::move(window), is_max, info.attr_int("count_include_pad") != 0));
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_last_max_pool(const sdk::KernelInfo& info) {
  return make_last_pool(info, true);
}
sdk::Result<sdk::KernelPtr> make_last_average_pool(const sdk::KernelInfo& info) {
  return make_last_pool(info, false);
}
sdk::Result<sdk::KernelPtr> make_last_global_average_pool(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<LastGlobalPool>(describe(info), false));
}
sdk::Result<sdk::KernelPtr> make_last_global_max_pool(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<LastGlobalPool>(describe(info), true));
}

}  // namespace tenon::cpu_blas
