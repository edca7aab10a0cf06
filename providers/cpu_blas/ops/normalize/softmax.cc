// Softmax: e^(x - max x) over the sum of those. From opset 13 along one axis; before, over all dimensions from `axis`
// on as one. Y may be X.
#include <tenon/sdk/geometry/lanes.hpp>

#include "common.h"
#include "simd/rows.h"

namespace tenon::cpu_blas {
namespace {

class Softmax final : public sdk::Kernel {
 public:
  explicit Softmax(const sdk::KernelInfo& info)
      : along_one_axis_(info.since_version() >= 13), axis_(info.attr_int("axis")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const sdk::Lanes lanes, sdk::Lanes::of_softmax(x.shape(), axis_, !along_one_axis_));
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, TN_FLOAT, x.shape()));
    if (x.count() == 0) return {};
    const int64_t outer = lanes.outer, length = lanes.length, inner = lanes.inner;
    if (inner == 1) {
      run.parallel_for(outer, static_cast<double>(length), [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i)
          simd::softmax_row(x.data<float>() + i * length, y.data<float>() + i * length, length);
      });
      return {};
    }
    return run_strided(run, x.data<float>(), y.data<float>(), outer, length, inner);
  }

 private:
  static sdk::Status run_strided(sdk::RunContext& run, const float* x, float* y, int64_t outer, int64_t length,
                                 int64_t inner) {
    const uint32_t workers = run.max_workers();
    TN_ASSIGN_OR_RETURN(float* rows, run.scratch<float>(workers * static_cast<size_t>(length)));
    run.parallel_for(outer * inner, static_cast<double>(length) * 4, [&](uint32_t worker, int64_t begin, int64_t end) {
      float* row = rows + worker * length;
      for (int64_t i = begin; i < end; ++i) {
        const int64_t at = i / inner * length * inner + i % inner;
        for (int64_t j = 0; j < length; ++j) row[j] = x[at + j * inner];
        simd::softmax_row(row, row, length);
        for (int64_t j = 0; j < length; ++j) y[at + j * inner] = row[j];
      }
    });
    return {};
  }

  bool along_one_axis_;
  int64_t axis_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_softmax(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<Softmax>(info));
}

}  // namespace tenon::cpu_blas
