#include "conv/channel_steps.h"

#include <algorithm>
#include <cmath>

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

void apply_in_order(const std::vector<ChannelStep>& steps, sdk::RunContext& run, const Channels& channels) {
  for (const ChannelStep& step : steps) {
    const auto data = [&](size_t operand) { return run.input(step.inputs[operand]).data<float>(); };
    if (step.kind == Kind::kNormalize) {
      const float *gamma = data(0), *beta = data(1), *mean = data(2), *variance = data(3);
      then(
          channels, [&](int64_t i) { return gamma[i] / std::sqrt(variance[i] + step.epsilon); },
          [&](int64_t i, double factor) { return beta[i] - mean[i] * factor; });
      continue;
    }
    const float* constant = data(0);
    const int64_t stride = run.input(step.inputs[0]).count() == 1 ? 0 : 1;
    const auto element = [&](int64_t i) { return static_cast<double>(constant[i * stride]); };
    if (step.kind == Kind::kMul) {
      then(channels, element, [](int64_t, double) { return 0.0; });
    } else {
      then(
          channels, [](int64_t) { return 1.0; }, [&](int64_t i, double) { return element(i); });
    }
  }
}

}  // namespace

sdk::Result<ChannelScales> apply(const std::vector<ChannelStep>& steps, sdk::RunContext& run, const float* bias,
                                 int64_t count) {
  const auto n = static_cast<size_t>(count);
  TN_ASSIGN_OR_RETURN(double* exact, run.scratch<double>(2 * n));
  TN_ASSIGN_OR_RETURN(float* rounded, run.scratch<float>(2 * n));
  std::fill_n(exact, n, 1.0);
  if (bias != nullptr) {
    std::copy_n(bias, n, exact + n);
  } else {
    std::fill_n(exact + n, n, 0.0);
  }
  apply_in_order(steps, run, {exact, exact + n, count});
  std::transform(exact, exact + 2 * n, rounded, [](double value) { return static_cast<float>(value); });
  return ChannelScales{rounded, rounded + n};
}

}  // namespace tenon::cpu_blas
