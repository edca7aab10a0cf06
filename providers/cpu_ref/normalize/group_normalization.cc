// InstanceNormalization and GroupNormalization: Y = (X - mean) / sqrt(var + epsilon) * scale + bias, with the mean and
// the population's variance of each instance's group of channels; an instance normalization's groups are single
// channels. X: N x C x D1.... Scale and bias have one value per channel; in GroupNormalization of opset 18 one per
// group, and where there are as many values as channels, as some exporters wrote, one per channel. Computed in double,
// whatever stash_type says: no less exact.
#include <cmath>
#include <tenon/sdk/kernel.hpp>

#include "parameters.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

class GroupNormalization final : public sdk::Kernel {
 public:
  /// groups 0: as many as channels.
  GroupNormalization(const sdk::KernelInfo& info, int64_t groups)
      : epsilon_(info.attr_float("epsilon")), groups_(groups), per_group_(groups > 0 && info.since_version() < 21) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (x.rank() < 2)
      return sdk::invalid_argument("the input has shape ", sdk::shape_text(x.shape()),
                                   ", expected N x C x spatial axes");
    const int64_t channels = x.dim(1), groups = groups_ == 0 ? channels : groups_;
    if (groups_ != 0 && channels % groups_ != 0)
      return sdk::invalid_argument("num_groups is ", groups_, ", expected a divisor of the ", channels, " channels");
    const int64_t group_channels = groups == 0 ? 0 : channels / groups;
    TN_ASSIGN_OR_RETURN(const std::vector<double> scale,
                        read_per_channel(run.input(1), group_channels, groups, "scale"));
    TN_ASSIGN_OR_RETURN(const std::vector<double> bias, read_per_channel(run.input(2), group_channels, groups, "bias"));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    if (x.count() == 0) return {};
    const int64_t plane = x.count() / (x.dim(0) * channels), size = channels / groups * plane;
    return visit_floats(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      run.parallel_for(x.dim(0) * groups, double(size) * 4, [&](int64_t begin, int64_t end) {
        for (int64_t g = begin; g < end; ++g) {
          const T* in = x.data<T>() + g * size;
          T* out = y.data<T>() + g * size;
          double mean = 0, variance = 0;
          for (int64_t i = 0; i < size; ++i) mean += double(in[i]);
          mean /= double(size);
          for (int64_t i = 0; i < size; ++i) variance += (double(in[i]) - mean) * (double(in[i]) - mean);
          const double factor = 1 / std::sqrt(variance / double(size) + epsilon_);
          for (int64_t i = 0; i < size; ++i) {
            const size_t p = size_t(g % groups * (channels / groups) + i / plane);
            out[i] = T(Compute<T>((double(in[i]) - mean) * factor * scale[p] + bias[p]));
          }
        }
      });
      return {};
    });
  }

 private:
  // One value for each of the groups' channels.
  sdk::Result<std::vector<double>> read_per_channel(const sdk::TensorView& t, int64_t group_channels, int64_t groups,
                                                    std::string_view name) const {
    const int64_t channels = groups * group_channels;
    if (!per_group_ || t.count() != groups) return read_vector(t, channels, name);
    TN_ASSIGN_OR_RETURN(const std::vector<double> of_groups, read_vector(t, groups, name));
    std::vector<double> values(static_cast<size_t>(channels));
    for (size_t c = 0; c < values.size(); ++c) values[c] = of_groups[c / static_cast<size_t>(group_channels)];
    return values;
  }

  double epsilon_;
  int64_t groups_;
  bool per_group_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_group_normalization(const sdk::KernelInfo& info) {
  const int64_t groups = info.attr_int("num_groups");
  if (groups < 1) return sdk::invalid_model("attribute num_groups is ", groups, ", expected 1 or more");
  return std::make_unique<GroupNormalization>(info, groups);
}

sdk::Result<sdk::KernelPtr> make_instance_normalization(const sdk::KernelInfo& info) {
  return std::make_unique<GroupNormalization>(info, 0);
}

}  // namespace tenon::cpu_ref
