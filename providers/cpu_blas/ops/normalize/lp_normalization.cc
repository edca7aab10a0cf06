// LpNormalization: Y = X / (sum of |X|^p along the axis)^(1/p), p being 1 or 2; 0 where the norm is 0. Y may be X.
#include <algorithm>
#include <cfloat>
#include <cmath>
#include <tenon/sdk/geometry/lanes.hpp>

#include "common.h"
#include "simd/normalize.h"
#include "simd/reduce.h"

namespace tenon::cpu_blas {
namespace {

class LpNormalization final : public sdk::Kernel {
 public:
  LpNormalization(int64_t p, int64_t axis) : p_(p), axis_(axis) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView in = run.input(0);
    TN_ASSIGN_OR_RETURN(const sdk::Lanes lanes, sdk::Lanes::along(in.shape(), axis_));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView out, run.output(0, TN_FLOAT, in.shape()));
    if (out.count() == 0) return {};
    const float* x = in.data<float>();
    float* y = out.data<float>();
    const int64_t length = lanes.length, inner = lanes.inner;
    run.parallel_for(lanes.outer * inner, static_cast<double>(length) * (inner == 1 ? 0.4 : 3) + 10,
                     [&](int64_t begin, int64_t end) {
                       for (int64_t i = begin; i < end; ++i) {
                         const int64_t at = i / inner * length * inner + i % inner;
                         normalize(x + at, y + at, length, inner);
                       }
                     });
    return {};
  }

 private:
  void normalize(const float* x, float* y, int64_t length, int64_t step) const {
    double norm = 0;
    if (step == 1) norm = simd::fold_row(p_ == 1 ? simd::Fold::kMagnitudes : simd::Fold::kSquares, x, length);
    // In double where floats are too narrow.
    if (step != 1 || !(norm <= FLT_MAX) || norm < 1e-30) {
      norm = 0;
      for (int64_t i = 0; i < length; ++i) {
        const double v = x[i * step];
        norm += p_ == 1 ? std::fabs(v) : v * v;
      }
    }
    if (p_ == 2) norm = std::sqrt(norm);
    const double inverse = norm == 0 ? 0 : 1 / norm;
    if (step == 1 && inverse < 1e30 && inverse > 1e-30) {
      simd::move_and_scale(x, 0, static_cast<float>(inverse), 0, y, length);
      return;
    }
    for (int64_t i = 0; i < length; ++i)
      y[i * step] = norm == 0 ? 0.0f : static_cast<float>(static_cast<double>(x[i * step]) / norm);
  }

  int64_t p_, axis_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_lp_normalization(const sdk::KernelInfo& info) {
  const int64_t p = info.attr_int("p");
  if (p != 1 && p != 2) return sdk::invalid_model("attribute p is ", p, ", expected 1 or 2");
  return sdk::KernelPtr(std::make_unique<LpNormalization>(p, info.attr_int("axis")));
}

}  // namespace tenon::cpu_blas
