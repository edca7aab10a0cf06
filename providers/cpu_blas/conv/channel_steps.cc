#include "conv/channel_steps.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

namespace tenon::cpu_blas {
namespace {

using Kind = ChannelStep::Kind;

/// In double until all steps are done.
struct Channels {
  double* scale;
  double* shift;
  int64_t count;
};

/// y = y * factor(i) + term(i) of each channel i.
template <typename Factor, typename Term>
void then(const Channels& channels, Factor&& factor, Term&& term) {
  for (int64_t i = 0; i < channels.count; ++i) {
    const double by = factor(i);
    channels.scale[i] *= by;
    channels.shift[i] = channels.shift[i] * by + term(i, by);
  }
}

}  // namespace

ChannelScales::ChannelScales(std::vector<ChannelStep> steps, int bias, int64_t channels)
    : steps_(std::move(steps)), bias_(bias), channels_(channels) {
  const auto add = [&](uint32_t input) {
    if (std::find(inputs_.begin(), inputs_.end(), input) == inputs_.end()) inputs_.push_back(input);
  };
  if (bias_ >= 0) add(static_cast<uint32_t>(bias_));
  for (const ChannelStep& step : steps_) std::for_each_n(step.inputs, step.input_count(), add);
}

uint32_t ChannelScales::position(uint32_t input) const {
  return static_cast<uint32_t>(std::find(inputs_.begin(), inputs_.end(), input) - inputs_.begin());
}

sdk::PackPlan ChannelScales::plan() const {
  if (steps_.empty()) return {};
  sdk::PackPlan plan;
  plan.byte_length = 2 * static_cast<uint64_t>(channels_) * sizeof(float);
  plan.inputs = inputs_;
  plan.key.reserve(64 + 64 * steps_.size());
  plan.key = "cpu_blas.channel_scales/1";
  if (bias_ >= 0) plan.key += " bias";
  for (const ChannelStep& step : steps_) {
    constexpr const char* kNames[] = {" normalize", " mul", " add"};
    plan.key += kNames[static_cast<int>(step.kind)];
    for (uint32_t i = 0; i < step.input_count(); ++i)
      plan.key += (i == 0 ? "=" : ",") + std::to_string(position(step.inputs[i]));
    if (step.kind != Kind::kNormalize) continue;
    uint64_t bits;
    std::memcpy(&bits, &step.epsilon, sizeof bits);
    plan.key += ":" + std::to_string(bits);
  }
  return plan;
}

void ChannelScales::pack(const sdk::PackContext& pack) const {
  const auto n = static_cast<size_t>(channels_);
  std::vector<double> exact(2 * n, 0.0);
  const Channels channels{exact.data(), exact.data() + n, channels_};
  std::fill_n(channels.scale, n, 1.0);
  const auto constant = [&](uint32_t input) { return pack.source(position(input)); };
  if (bias_ >= 0) std::copy_n(constant(static_cast<uint32_t>(bias_)).data<float>(), n, channels.shift);
  for (const ChannelStep& step : steps_) {
    const auto data = [&](size_t operand) { return constant(step.inputs[operand]).data<float>(); };
    if (step.kind == Kind::kNormalize) {
      const float *gamma = data(0), *beta = data(1), *mean = data(2), *variance = data(3);
      then(
          channels, [&](int64_t i) { return gamma[i] / std::sqrt(variance[i] + step.epsilon); },
          [&](int64_t i, double factor) { return beta[i] - mean[i] * factor; });
      continue;
    }
    const float* values = data(0);
    const int64_t stride = constant(step.inputs[0]).count() == 1 ? 0 : 1;
    const auto element = [&](int64_t i) { return static_cast<double>(values[i * stride]); };
    if (step.kind == Kind::kMul) {
      then(channels, element, [](int64_t, double) { return 0.0; });
    } else {
      then(
          channels, [](int64_t) { return 1.0; }, [&](int64_t i, double) { return element(i); });
    }
  }
  std::transform(exact.begin(), exact.end(), static_cast<float*>(pack.blob()),
                 [](double value) { return static_cast<float>(value); });
}

}  // namespace tenon::cpu_blas
