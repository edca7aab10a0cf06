// Softmax: e^(x - max x) over the sum of those. LogSoftmax: its logarithm, (x - max x) - ln of that sum. From opset 13
// along one axis; before, over all dimensions from `axis` on as one. Y may be X.
#include <algorithm>
#include <cmath>
#include <tenon/sdk/geometry/lanes.hpp>

#include "common.h"
#include "simd/normalize.h"
#include "simd/reduce.h"
#include "simd/rows.h"

namespace tenon::cpu_blas {
namespace {

class Softmax final : public sdk::Kernel {
 public:
  Softmax(const sdk::KernelInfo& info, bool logarithm)
      : logarithm_(logarithm), along_one_axis_(info.since_version() >= 13), axis_(info.attr_int("axis")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView in = run.input(0);
    TN_ASSIGN_OR_RETURN(const sdk::Lanes lanes, sdk::Lanes::of_softmax(in.shape(), axis_, !along_one_axis_));
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView out, run.output(0, TN_FLOAT, in.shape()));
    if (in.count() == 0) return {};
    const float* x = in.data<float>();
    float* y = out.data<float>();
    const int64_t length = lanes.length;
    if (lanes.inner == 1) {
      run.parallel_for(lanes.outer, static_cast<double>(length) + 10, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) row(x + i * length, y + i * length, length);
      });
      return {};
    }
    return logarithm_ ? run_strided(run, x, y, lanes) : run_columns(run, x, y, lanes);
  }

 private:
  void row(const float* x, float* y, int64_t n) const {
    if (!logarithm_) return simd::softmax_row(x, y, n);
    const auto top = static_cast<float>(simd::fold_row(simd::Fold::kMax, x, n));
    if (!std::isfinite(top)) {
      std::fill_n(y, n, NAN);
      return;
    }
    const auto shift = static_cast<float>(-std::log(simd::sum_of_powers(x, n, top)));
    simd::move_and_scale(x, top, 1, shift, y, n);
  }

  /// Lanes beside each other go through together.
  static sdk::Status run_columns(sdk::RunContext& run, const float* x, float* y, const sdk::Lanes& lanes) {
    constexpr int64_t kColumns = 64;
    const int64_t pieces = ceil_div(lanes.inner, kColumns);
    const auto each = static_cast<double>(lanes.length * std::min(kColumns, lanes.inner));
    run.parallel_for(lanes.outer * pieces, each + 20, [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p) {
        const int64_t c = p % pieces * kColumns, at = p / pieces * lanes.length * lanes.inner + c;
        simd::softmax_columns(x + at, y + at, lanes.length, lanes.inner, std::min(kColumns, lanes.inner - c));
      }
    });
    return {};
  }

  sdk::Status run_strided(sdk::RunContext& run, const float* x, float* y, const sdk::Lanes& lanes) const {
    const int64_t length = lanes.length, inner = lanes.inner;
    TN_ASSIGN_OR_RETURN(float* rows, run.scratch<float>(run.max_workers() * static_cast<size_t>(length)));
    run.parallel_for(lanes.outer * inner, static_cast<double>(length) * 4,
                     [&](uint32_t worker, int64_t begin, int64_t end) {
                       float* lane = rows + worker * length;
                       for (int64_t i = begin; i < end; ++i) {
                         const int64_t at = i / inner * length * inner + i % inner;
                         for (int64_t j = 0; j < length; ++j) lane[j] = x[at + j * inner];
                         row(lane, lane, length);
                         for (int64_t j = 0; j < length; ++j) y[at + j * inner] = lane[j];
                       }
                     });
    return {};
  }

  bool logarithm_, along_one_axis_;
  int64_t axis_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_softmax(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<Softmax>(info, false));
}

sdk::Result<sdk::KernelPtr> make_log_softmax(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<Softmax>(info, true));
}

}  // namespace tenon::cpu_blas
