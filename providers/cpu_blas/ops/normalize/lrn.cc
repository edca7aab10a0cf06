// LRN: y = x / (bias + alpha / size * sum of x^2 over the `size` channels around it) ^ beta.
#include <algorithm>
#include <cmath>

#include "common.h"
#include "simd/elementwise.h"

namespace tenon::cpu_blas {
namespace {

class Lrn final : public sdk::Kernel {
 public:
  explicit Lrn(const sdk::KernelInfo& info)
      : node_(describe(info)),
        alpha_(info.attr_float("alpha")),
        beta_(info.attr_float("beta")),
        bias_(info.attr_float("bias")),
        size_(info.attr_int("size")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (x.rank() < 2) return sdk::invalid_model(node_, ": X has rank ", x.rank(), ", expected N x C x ...");
    const int64_t channels = x.dim(1);
    const int64_t pixels = extent(x.shape(), 2, x.rank());
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, TN_FLOAT, x.shape()));
    if (y.count() == 0) return {};
    TN_ASSIGN_OR_RETURN(float* squares, run.scratch<float>(static_cast<size_t>(channels * pixels)));
    const double cost = static_cast<double>(pixels);
    for (int64_t n = 0; n < x.dim(0); ++n) {
      const float* image = x.data<float>() + n * channels * pixels;
      float* out = y.data<float>() + n * channels * pixels;
      run.parallel_for(channels, cost / 4, [&](int64_t begin, int64_t end) {
        const int64_t first = begin * pixels;
        simd::binary(simd::Binary::kMul, image + first, 1, image + first, 1, squares + first, (end - begin) * pixels);
      });
      run.parallel_for(channels, cost * 8, [&](int64_t begin, int64_t end) {
        for (int64_t c = begin; c < end; ++c) normalize(image, squares, out, channels, pixels, c);
      });
    }
    return {};
  }

 private:
  void normalize(const float* image, const float* squares, float* out, int64_t channels, int64_t pixels,
                 int64_t c) const {
    float* y = out + c * pixels;
    const float* x = image + c * pixels;
    // Halves of a size: no sum with a channel number overflows.
    const int64_t first = std::max<int64_t>(0, c - (size_ - 1) / 2);
    const int64_t last = std::min(channels - 1, c + size_ / 2);
    std::fill(y, y + pixels, 0.0f);
    for (int64_t i = first; i <= last; ++i) simd::binary(simd::Binary::kAdd, y, 1, squares + i * pixels, 1, y, pixels);
    const float scale = alpha_ / static_cast<float>(size_);
    simd::finish_row(y, scale, &bias_, 0, nullptr, {}, pixels);
    if (beta_ == 0.75f) {
      // t^0.75 = sqrt(t) sqrt(sqrt(t)), which the usual LRN needs.
      for (int64_t i = 0; i < pixels; ++i) {
        const float root = std::sqrt(y[i]);
        y[i] = x[i] / (root * std::sqrt(root));
      }
    } else {
      for (int64_t i = 0; i < pixels; ++i) y[i] = x[i] * std::pow(y[i], -beta_);
    }
  }

  std::string node_;
  float alpha_, beta_, bias_;
  int64_t size_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_lrn(const sdk::KernelInfo& info) {
  const int64_t size = info.attr_int("size");
  if (size < 1) return sdk::invalid_model(describe(info), ": size is ", size, ", expected 1 or more");
  return sdk::KernelPtr(std::make_unique<Lrn>(info));
}

}  // namespace tenon::cpu_blas
