#include "elementwise/activation.h"

#include <cmath>

namespace tenon::cpu_ref {
namespace {

struct Known {
  const char* name;
  size_t parameters;
  double (*function)(double x, double a, double b);
};

double sigmoid_of(double x, double, double) {
  return 1 / (1 + std::exp(-x));
}

// Comparisons are written so that NaN stays NaN.
constexpr Known kKnown[] = {
    {"", 0, [](double x, double, double) { return x; }},
    {"Relu", 0, [](double x, double, double) { return x < 0 ? 0 : x; }},
    {"Tanh", 0, [](double x, double, double) { return std::tanh(x); }},
    {"Sigmoid", 0, sigmoid_of},
    {"Softplus", 0,
     [](double x, double, double) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }},
    {"Softsign", 0, [](double x, double, double) { return x / (1 + std::abs(x)); }},
    {"HardSwish", 0, [](double x, double, double) { return x < -3  ? 0
                                                           : x > 3 ? x
                                                                   : x * (x / 6 + 0.5); }},
    {"LeakyRelu", 1, [](double x, double a, double) { return x < 0 ? a * x : x; }},
    {"Elu", 1, [](double x, double a, double) { return x < 0 ? a * std::expm1(x) : x; }},
    {"ThresholdedRelu", 1, [](double x, double a, double) { return x <= a ? 0 : x; }},
    // As the operator: the upper bound wins where the lower one is above it.
    {"Clip", 2,
     [](double x, double a, double b) {
       const double raised = x < a ? a : x;
       return raised > b ? b : raised;
     }},
    {"HardSigmoid", 2, [](double x, double a, double b) { return a * x + b < 0   ? 0
                                                                 : a * x + b > 1 ? 1
                                                                                 : a * x + b; }},
    {"Selu", 2, [](double x, double a, double b) { return b * (x <= 0 ? a * std::expm1(x) : x); }},
};

}  // namespace

sdk::Result<Activation> Activation::create(const std::string& name, const std::vector<float>& parameters) {
  std::string names;
  for (const Known& known : kKnown) {
    if (name != known.name) {
      if (*known.name != 0) names += (names.empty() ? "" : ", ") + std::string(known.name);
      continue;
    }
    if (parameters.size() < known.parameters)
      return sdk::invalid_model("activation ", name, " has ", parameters.size(), " parameters, expected ",
                                known.parameters);
    Activation activation;
    activation.function_ = known.function;
    if (known.parameters > 0) activation.a_ = double(parameters[0]);
    if (known.parameters > 1) activation.b_ = double(parameters[1]);
    return activation;
  }
  return sdk::unsupported("attribute activation is '", name, "', expected one of ", names);
}

}  // namespace tenon::cpu_ref
