#include "conv/channel_steps.h"

#include <cmath>

namespace tenon::cpu_blas {
namespace {

using Kind = ChannelStep::Kind;

/// y = y * factor(i) + term(i) of each channel i.
template <typename Factor, typename Term>
void then(std::vector<double>* scale, std::vector<double>* shift, Factor&& factor, Term&& term) {
  for (size_t i = 0; i < scale->size(); ++i) {
    const double by = factor(i);
    (*scale)[i] *= by;
    (*shift)[i] = (*shift)[i] * by + term(i, by);
  }
}

}  // namespace

void apply(const std::vector<ChannelStep>& steps, sdk::RunContext& run, std::vector<double>* scale,
           std::vector<double>* shift) {
  for (const ChannelStep& step : steps) {
    const auto data = [&](size_t operand) { return run.input(step.inputs[operand]).data<float>(); };
    if (step.kind == Kind::kNormalize) {
      const float *gamma = data(0), *beta = data(1), *mean = data(2), *variance = data(3);
      then(
          scale, shift, [&](size_t i) { return gamma[i] / std::sqrt(variance[i] + step.epsilon); },
          [&](size_t i, double factor) { return beta[i] - mean[i] * factor; });
      continue;
    }
    const float* constant = data(0);
    const size_t stride = run.input(step.inputs[0]).count() == 1 ? 0 : 1;
    const auto element = [&](size_t i) { return static_cast<double>(constant[i * stride]); };
    if (step.kind == Kind::kMul) {
      then(scale, shift, element, [](size_t, double) { return 0.0; });
    } else {
      then(
          scale, shift, [](size_t) { return 1.0; }, [&](size_t i, double) { return element(i); });
    }
  }
}

}  // namespace tenon::cpu_blas
