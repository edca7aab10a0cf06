// AveragePool: the mean of each window. X: N x C x D1.... Padding counts as zeros if count_include_pad is set and not
// at all otherwise; what a window of ceil_mode covers past the padding never counts. A window over nothing gives 0.
// Sums are taken in double.
#include <algorithm>

#include "dispatch.h"
#include "window/window.h"

namespace tenon::cpu_ref {
namespace {

class AveragePool final : public sdk::Kernel {
 public:
  AveragePool(sdk::WindowAttributes attributes, bool include_padding)
      : attributes_(std::move(attributes)), include_padding_(include_padding) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const Pooling pooling, resolve_pooling(attributes_, x));
    const Window& window = pooling.window;
    const sdk::Shape& shape = pooling.output_shape;
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), shape));
    if (y.count() == 0) return {};
    return visit_floats(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      return pool(run, window, x.dim(0) * x.dim(1), x.data<T>(), y.data<T>());
    });
  }

 private:
  template <typename T>
  sdk::Status pool(sdk::RunContext& run, const Window& window, int64_t planes, const T* x, T* y) const {
    const int64_t in_plane = window.input_size(), out_plane = window.output_size();
    const std::vector<double> counts = window_sizes(window, include_padding_);
    TN_ASSIGN_OR_RETURN(double* const sums, run.scratch<double>(size_t(run.max_workers()) * size_t(out_plane)));
    run.parallel_for(
        planes, double(out_plane) * double(window.taps()), [&](uint32_t worker, int64_t begin, int64_t end) {
          double* sum = sums + int64_t(worker) * out_plane;
          for (int64_t p = begin; p < end && !run.cancelled(); ++p) {
            const T* in = x + p * in_plane;
            std::fill(sum, sum + out_plane, 0.0);
            for_each_tap_row(window, [&](int64_t, int64_t out, int64_t count, int64_t first, int64_t step) {
              for (int64_t i = 0; i < count; ++i) sum[out + i] += double(in[first + i * step]);
            });
            for (int64_t i = 0; i < out_plane; ++i)
              y[p * out_plane + i] = T(Compute<T>(counts[size_t(i)] > 0 ? sum[i] / counts[size_t(i)] : 0.0));
          }
        });
    return {};
  }

  sdk::WindowAttributes attributes_;
  bool include_padding_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_average_pool(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(sdk::WindowAttributes attributes, sdk::WindowAttributes::parse(info));
  return std::make_unique<AveragePool>(std::move(attributes), info.attr_int("count_include_pad") != 0);
}

}  // namespace tenon::cpu_ref
