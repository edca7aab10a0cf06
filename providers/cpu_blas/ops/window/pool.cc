// MaxPool, AveragePool and GlobalAveragePool over one or two spatial dimensions. Padding never wins a maximum, NaN
// always; padding is counted by an average only where count_include_pad says so.
#include "simd/pool.h"

#include <algorithm>

#include "conv/pool.h"
#include "simd/reduce.h"
#include "simd/rows.h"

namespace tenon::cpu_blas {
namespace {

/// The one window is the whole axis.
bool covers(const WindowAxis& axis) {
  return axis.out == 1 && axis.kernel == axis.in && axis.dilation == 1 && axis.pad_begin == 0;
}

class Pool final : public sdk::Kernel {
 public:
  Pool(std::string node, WindowAttributes window, bool is_max, bool include_pad)
      : node_(std::move(node)), window_(std::move(window)), is_max_(is_max), include_pad_(include_pad) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    const size_t spatial = window_.kernel.size();
    if (x.shape().size() != spatial + 2)
      return sdk::invalid_model(node_, ": X has rank ", x.rank(), ", expected ", spatial + 2, ": N x C and the ",
                                spatial, " axes of kernel_shape");
    TN_ASSIGN_OR_RETURN(const Window2d window, resolve_window(window_, x.shape().subspan(2, spatial), window_.kernel));
    sdk::Shape shape{x.dim(0), x.dim(1), window.h.out, window.w.out};
    if (spatial == 1) shape = {x.dim(0), x.dim(1), window.w.out};
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, TN_FLOAT, shape));
    if (y.count() == 0) return {};
    const std::vector<float> factors = is_max_ ? std::vector<float>() : pool_factors(window, include_pad_);
    const int64_t in = window.h.in * window.w.in;
    const int64_t out = window.h.out * window.w.out;
    const double cost = static_cast<double>(out * window.h.kernel * window.w.kernel) / 4;
    if (!is_max_ && out == 1 && covers(window.h) && covers(window.w)) {
      run.parallel_for(y.count(), cost, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) y.data<float>()[i] = simd::sum(x.data<float>() + i * in, in) * factors[0];
      });
      return {};
    }
    run.parallel_for(shape[0] * shape[1], cost, [&](int64_t begin, int64_t end) {
      const simd::PoolPlanes planes{window.h, window.w, x.data<float>() + begin * in, y.data<float>() + begin * out,
                                    end - begin};
      is_max_ ? simd::max_pool(planes) : simd::average_pool(planes, factors.data());
    });
    return {};
  }

 private:
  std::string node_;
  WindowAttributes window_;
  bool is_max_, include_pad_;
};

class GlobalPool final : public sdk::Kernel {
 public:
  GlobalPool(std::string node, bool is_max) : node_(std::move(node)), is_max_(is_max) {}
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (x.rank() < 2) return sdk::invalid_model(node_, ": X has rank ", x.rank(), ", expected 2 or more");
    sdk::Shape shape(static_cast<size_t>(x.rank()), 1);
    shape[0] = x.dim(0), shape[1] = x.dim(1);
    const int64_t pixels = extent(x.shape(), 2, x.rank());
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, TN_FLOAT, shape));
    run.parallel_for(y.count(), static_cast<double>(pixels) / 8, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) y.data<float>()[i] = fold(x.data<float>() + i * pixels, pixels);
    });
    return {};
  }

 private:
  float fold(const float* x, int64_t pixels) const {
    if (is_max_) return static_cast<float>(simd::fold_row(simd::Fold::kMax, x, pixels));
    return simd::sum(x, pixels) / static_cast<float>(pixels);
  }

  std::string node_;
  bool is_max_;
};

sdk::Result<sdk::KernelPtr> make_pool(const sdk::KernelInfo& info, bool is_max) {
  TN_ASSIGN_OR_RETURN(WindowAttributes window, parse_pool(info));
  return sdk::KernelPtr(
      std::make_unique<Pool>(describe(info), std::move(window), is_max, info.attr_int("count_include_pad") != 0));
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_max_pool(const sdk::KernelInfo& info) {
  return make_pool(info, true);
}
sdk::Result<sdk::KernelPtr> make_average_pool(const sdk::KernelInfo& info) {
  return make_pool(info, false);
}
sdk::Result<sdk::KernelPtr> make_global_average_pool(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<GlobalPool>(describe(info), false));
}
sdk::Result<sdk::KernelPtr> make_global_max_pool(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<GlobalPool>(describe(info), true));
}

}  // namespace tenon::cpu_blas
