// BatchNormalization for inference: y = (x - mean) / sqrt(variance + epsilon) * scale + B, per channel (dimension 1).
// Y may be X.
#include <cmath>
#include <tenon/sdk/geometry/statistics.hpp>

#include "common.h"
#include "simd/elementwise.h"

namespace tenon::cpu_blas {
namespace {

class BatchNormalization final : public sdk::Kernel {
 public:
  explicit BatchNormalization(const sdk::KernelInfo& info)
      : node_(describe(info)), epsilon_(info.attr_float("epsilon")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (x.rank() == 0) return sdk::invalid_model(node_, ": X is a scalar, expected N x C x ...");
    const int64_t channels = x.rank() >= 2 ? x.dim(1) : 1;
    const float* constants[4];
    for (uint32_t i = 0; i < 4; ++i) {
      const sdk::TensorView t = run.input(i + 1);
      if (t.rank() != 1 || t.dim(0) != channels)
        return sdk::invalid_model(node_, ": input ", i + 1, " is ", sdk::shape_text(t.shape()), ", expected ", channels,
                                  ", one number per channel of X");
      constants[i] = t.data<float>();
    }
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, TN_FLOAT, x.shape()));
    copy_all(x, y);
    if (x.count() == 0) return {};
    const int64_t planes = x.rank() >= 1 ? x.dim(0) * channels : 1;
    const int64_t pixels = x.count() / planes;
    run.parallel_for(planes, static_cast<double>(pixels) / 4, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t c = i % channels;
        const float scale = constants[0][c] / std::sqrt(constants[3][c] + epsilon_);
        const float shift = constants[1][c] - constants[2][c] * scale;
        simd::finish_row(y.data<float>() + i * pixels, scale, &shift, 0, nullptr, {}, pixels);
      }
    });
    return {};
  }

 private:
  std::string node_;
  float epsilon_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_batch_normalization(const sdk::KernelInfo& info) {
  TN_RETURN_IF_ERROR(sdk::check_statistics_outputs(info.output_count(), info.since_version()));
  if (info.attr_int("training_mode") != 0)
    return sdk::unsupported(describe(info), ": training_mode is 1, expected 0: only inference is implemented");
  // From opset 9 on it always is.
  if (info.attr_int("spatial", 1) == 0) return sdk::unsupported(describe(info), ": spatial is 0, expected 1");
  for (uint32_t i = 1; i < info.output_count(); ++i)
    if (info.output(i))
      return sdk::unsupported(describe(info), ": output ", i, " is there, expected Y alone: it is for training");
  return sdk::KernelPtr(std::make_unique<BatchNormalization>(info));
}

}  // namespace tenon::cpu_blas
