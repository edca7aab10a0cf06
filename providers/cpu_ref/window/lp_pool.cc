// LpPool: (sum |x|^p)^(1/p) over each window; padding counts as 0. X: N x C x D1.... Sums are taken in double.
#include <algorithm>
#include <cmath>

#include "dispatch.h"
#include "window/window.h"

namespace tenon::cpu_ref {
namespace {

class LpPool final : public sdk::Kernel {
 public:
  LpPool(sdk::WindowAttributes attributes, double p) : attributes_(std::move(attributes)), p_(p) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (!(p_ > 0)) return sdk::invalid_argument("p is ", p_, ", expected more than 0");
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
    TN_ASSIGN_OR_RETURN(double* const sums, run.scratch<double>(size_t(run.max_workers()) * size_t(out_plane)));
    const double cost = 20 * double(out_plane) * double(window.taps());
    run.parallel_for(planes, cost, [&](uint32_t worker, int64_t begin, int64_t end) {
      double* sum = sums + int64_t(worker) * out_plane;
      for (int64_t p = begin; p < end && !run.cancelled(); ++p) {
        const T* in = x + p * in_plane;
        std::fill(sum, sum + out_plane, 0.0);
        for_each_tap_row(window, [&](int64_t, int64_t out, int64_t count, int64_t first, int64_t step) {
          for (int64_t i = 0; i < count; ++i) sum[out + i] += std::pow(std::abs(double(in[first + i * step])), p_);
        });
        for (int64_t i = 0; i < out_plane; ++i) y[p * out_plane + i] = T(Compute<T>(std::pow(sum[i], 1 / p_)));
      }
    });
    return {};
  }

  sdk::WindowAttributes attributes_;
  double p_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_lp_pool(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(sdk::WindowAttributes attributes, sdk::WindowAttributes::parse(info));
  // Opset 1 has p as a float.
  const double p = info.has_float("p") ? double(info.attr_float("p")) : double(info.attr_int("p"));
  return std::make_unique<LpPool>(std::move(attributes), p);
}

}  // namespace tenon::cpu_ref
