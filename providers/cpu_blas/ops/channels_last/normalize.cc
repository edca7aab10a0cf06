// LRN and BatchNormalization of tensors whose channels are last (com.ms.internal.nhwc), pixel by pixel: the formulas of
// ops/normalize/lrn.cc and of programs/lower_operators.cc.
#include <algorithm>
#include <cmath>
#include <tenon/sdk/geometry/statistics.hpp>

#include "common.h"
#include "simd/channels_last.h"

namespace tenon::cpu_blas {
namespace {

class LastLrn final : public sdk::Kernel {
 public:
  explicit LastLrn(const sdk::KernelInfo& info)
      : node_(describe(info)),
        alpha_(info.attr_float("alpha")),
        beta_(info.attr_float("beta")),
        bias_(info.attr_float("bias")),
        size_(info.attr_int("size")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (x.rank() < 2) return sdk::invalid_model(node_, ": X has rank ", x.rank(), ", expected N x ... x C");
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, TN_FLOAT, x.shape()));
    if (y.count() == 0) return {};
    const int64_t channels = x.dim(x.rank() - 1);
    const simd::LastLrn lrn{channels,
                            std::min((size_ - 1) / 2, channels),
                            std::min(size_ / 2, channels),
                            alpha_ / static_cast<float>(size_),
                            beta_,
                            bias_};
    const size_t room = static_cast<size_t>(lrn.before + channels + lrn.after);
    TN_ASSIGN_OR_RETURN(float* squares, run.scratch<float>(room * run.max_workers()));
    const double cost = static_cast<double>(channels) * (static_cast<double>(lrn.before + lrn.after) / 8 + 4);
    run.parallel_for(y.count() / channels, cost, [&](uint32_t worker, int64_t begin, int64_t end) {
      simd::lrn_pixels(lrn, x.data<float>() + begin * channels, y.data<float>() + begin * channels, end - begin,
                       squares + worker * room);
    });
    return {};
  }

 private:
  std::string node_;
  float alpha_, beta_, bias_;
  int64_t size_;
};

class LastBatchNormalization final : public sdk::Kernel {
 public:
  explicit LastBatchNormalization(const sdk::KernelInfo& info)
      : node_(describe(info)), epsilon_(info.attr_float("epsilon")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (x.rank() < 2) return sdk::invalid_model(node_, ": X has rank ", x.rank(), ", expected N x ... x C");
    const int64_t channels = x.dim(x.rank() - 1);
    const float* constants[4];
    for (uint32_t i = 0; i < 4; ++i) {
      const sdk::TensorView t = run.input(i + 1);
      if (t.rank() != 1 || t.dim(0) != channels)
        return sdk::invalid_model(node_, ": input ", i + 1, " is ", sdk::shape_text(t.shape()), ", expected ", channels,
                                  ", one number per channel of X");
      constants[i] = t.data<float>();
    }
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, TN_FLOAT, x.shape()));
    if (y.count() == 0) return {};
    TN_ASSIGN_OR_RETURN(float* scale, run.scratch<float>(2 * static_cast<size_t>(channels)));
    float* shift = scale + channels;
    for (int64_t c = 0; c < channels; ++c) {
      scale[c] = constants[0][c] / std::sqrt(constants[3][c] + epsilon_);
      shift[c] = constants[1][c] - constants[2][c] * scale[c];
    }
    run.parallel_for(y.count() / channels, static_cast<double>(channels) / 4, [&](int64_t begin, int64_t end) {
      simd::scale_pixels(x.data<float>() + begin * channels, scale, shift, y.data<float>() + begin * channels,
                         end - begin, channels);
    });
    return {};
  }

 private:
  std::string node_;
  float epsilon_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_last_lrn(const sdk::KernelInfo& info) {
  const int64_t size = info.attr_int("size");
  if (size < 1) return sdk::invalid_model(describe(info), ": size is ", size, ", expected 1 or more");
  return sdk::KernelPtr(std::make_unique<LastLrn>(info));
}

sdk::Result<sdk::KernelPtr> make_last_batch_normalization(const sdk::KernelInfo& info) {
  TN_RETURN_IF_ERROR(sdk::check_statistics_outputs(info.output_count(), info.since_version()));
  if (info.attr_int("training_mode") != 0)
    return sdk::unsupported(describe(info), ": training_mode is 1, expected 0: only inference is implemented");
  // From opset 9 on it always is.
  if (info.attr_int("spatial", 1) == 0) return sdk::unsupported(describe(info), ": spatial is 0, expected 1");
  for (uint32_t i = 1; i < info.output_count(); ++i)
    if (info.output(i))
      return sdk::unsupported(describe(info), ": output ", i, " is there, expected Y alone: it is for training");
  return sdk::KernelPtr(std::make_unique<LastBatchNormalization>(info));
}

}  // namespace tenon::cpu_blas
