#include "recurrent/activation.h"

#include <algorithm>
#include <cmath>

namespace tenon::cpu_ref {
namespace {

using Function = double (*)(double x, double alpha, double beta);

Function function_of(sdk::GateFunction function) {
  using F = sdk::GateFunction;
  switch (function) {
    case F::kRelu: return [](double x, double, double) { return x > 0 || x != x ? x : 0; };
    case F::kTanh: return [](double x, double, double) { return std::tanh(x); };
    case F::kSigmoid: return [](double x, double, double) { return 1 / (1 + std::exp(-x)); };
    case F::kSoftsign: return [](double x, double, double) { return x / (1 + std::abs(x)); };
    case F::kSoftplus:
      return [](double x, double, double) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); };
    case F::kAffine: return [](double x, double a, double b) { return a * x + b; };
    case F::kLeakyRelu: return [](double x, double a, double) { return x >= 0 ? x : a * x; };
    case F::kThresholdedRelu: return [](double x, double a, double) { return x >= a ? x : 0; };
    case F::kScaledTanh: return [](double x, double a, double b) { return a * std::tanh(b * x); };
    case F::kHardSigmoid: return [](double x, double a, double b) { return std::min(std::max(a * x + b, 0.0), 1.0); };
    case F::kElu: return [](double x, double a, double) { return x >= 0 ? x : a * std::expm1(x); };
  }
  return nullptr;
}

}  // namespace

GateActivation::GateActivation(const sdk::GateActivation& of) : of_(of), function_(function_of(of.function)) {}

sdk::Result<std::vector<GateActivation>> read_activations(const sdk::KernelInfo& info,
                                                          std::vector<std::string> defaults, int64_t directions) {
  TN_ASSIGN_OR_RETURN(const std::vector<sdk::GateActivation> parsed,
                      sdk::parse_gate_activations(info, defaults, directions));
  return std::vector<GateActivation>(parsed.begin(), parsed.end());
}

}  // namespace tenon::cpu_ref
