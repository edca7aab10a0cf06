// InstanceNormalization and GroupNormalization of N x C x D1...: Y = (X - mean) / sqrt(var + epsilon) * scale + bias,
// with mean and variance of each instance's group of channels, a single channel in an instance normalization. Scale and
// bias have one value per channel; in GroupNormalization of opset 18 one per group, or, as some exporters wrote, one
// per channel. Y may be X.
#include <cmath>

#include "common.h"
#include "simd/normalize.h"

namespace tenon::cpu_blas {
namespace {

class GroupNormalization final : public sdk::Kernel {
 public:
  /// groups 0: as many as channels.
  GroupNormalization(const sdk::KernelInfo& info, int64_t groups)
      : node_(describe(info)),
        epsilon_(info.attr_float("epsilon")),
        groups_(groups),
        per_group_(groups > 0 && info.since_version() < 21) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (x.rank() < 2)
      return sdk::invalid_argument(node_, ": the input has shape ", sdk::shape_text(x.shape()),
                                   ", expected N x C x spatial axes");
    const int64_t channels = x.dim(1), groups = groups_ == 0 ? channels : groups_;
    if (groups_ != 0 && channels % groups_ != 0)
      return sdk::invalid_argument(node_, ": num_groups is ", groups_, ", expected a divisor of the ", channels,
                                   " channels");
    const int64_t width = groups == 0 ? 0 : channels / groups;  // channels of a group
    int64_t per[2] = {1, 1};                                    // channels that share a value of scale and bias
    for (uint32_t i : {1u, 2u}) {
      const sdk::TensorView t = run.input(i);
      const bool of_groups = per_group_ && t.count() == groups;
      if (t.rank() != 1 || t.count() != (of_groups ? groups : channels))
        return sdk::invalid_argument(node_, ": input ", i, " has shape ", sdk::shape_text(t.shape()), ", expected ",
                                     channels, ", one number per channel");
      per[i - 1] = of_groups ? width : 1;
    }
    const float *scale = run.input(1).data<float>(), *bias = run.input(2).data<float>();
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_FLOAT, x.shape()));
    if (x.count() == 0) return {};
    const int64_t plane = extent(x.shape(), 2, x.rank());
    run.parallel_for(x.dim(0) * groups, static_cast<double>(width * plane) * 0.3 + 20, [&](int64_t begin, int64_t end) {
      for (int64_t g = begin; g < end; ++g) {
        const float* in = x.data<float>() + g * width * plane;
        float* out = y.data<float>() + g * width * plane;
        simd::Moments m;
        simd::add_moments(in, width * plane, &m);
        const double factor = 1 / std::sqrt(m.squares / m.count + static_cast<double>(epsilon_));
        for (int64_t c = 0; c < width; ++c) {
          const int64_t channel = g % groups * width + c;
          const auto f = static_cast<float>(factor * static_cast<double>(scale[channel / per[0]]));
          simd::move_and_scale(in + c * plane, static_cast<float>(m.mean), f, bias[channel / per[1]], out + c * plane,
                               plane);
        }
      }
    });
    return {};
  }

 private:
  std::string node_;
  float epsilon_;
  int64_t groups_;
  bool per_group_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_group_normalization(const sdk::KernelInfo& info) {
  const int64_t groups = info.attr_int("num_groups");
  if (groups < 1) return sdk::invalid_model("attribute num_groups is ", groups, ", expected 1 or more");
  return sdk::KernelPtr(std::make_unique<GroupNormalization>(info, groups));
}

sdk::Result<sdk::KernelPtr> make_instance_normalization(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<GroupNormalization>(info, 0));
}

}  // namespace tenon::cpu_blas
