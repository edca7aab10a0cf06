#include "recurrent/activation.h"

#include <algorithm>
#include <cctype>
#include <cmath>

namespace tenon::cpu_ref {
namespace {

// alpha and beta as the operator of that name has them by default.
struct Row {
  const char* name;  // in lower case: converters write both
  double (*function)(double x, double alpha, double beta);
  bool has_alpha = false, has_beta = false;
  double alpha = 0, beta = 0;
};

constexpr Row kRows[] = {
    {"relu", [](double x, double, double) { return x > 0 || x != x ? x : 0; }},
    {"tanh", [](double x, double, double) { return std::tanh(x); }},
    {"sigmoid", [](double x, double, double) { return 1 / (1 + std::exp(-x)); }},
    {"softsign", [](double x, double, double) { return x / (1 + std::abs(x)); }},
    {"softplus",
     [](double x, double, double) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }},
    {"affine", [](double x, double a, double b) { return a * x + b; }, true, true, 1, 0},
    {"leakyrelu", [](double x, double a, double) { return x >= 0 ? x : a * x; }, true, false, 0.01},
    {"thresholdedrelu", [](double x, double a, double) { return x >= a ? x : 0; }, true, false, 1},
    {"scaledtanh", [](double x, double a, double b) { return a * std::tanh(b * x); }, true, true, 1, 1},
    {"hardsigmoid", [](double x, double a, double b) { return std::min(std::max(a * x + b, 0.0), 1.0); }, true, true,
     0.2, 0.5},
    {"elu", [](double x, double a, double) { return x >= 0 ? x : a * std::expm1(x); }, true, false, 1},
};

const Row* find_row(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  const Row* const end = std::end(kRows);
  const Row* const found = std::find_if(std::begin(kRows), end, [&](const Row& row) { return name == row.name; });
  return found == end ? nullptr : found;
}

// The next of the numbers that the node gives.
double next_of(const std::vector<float>& given, size_t* at, double otherwise) {
  return *at < given.size() ? double(given[(*at)++]) : otherwise;
}

}  // namespace

sdk::Result<std::vector<GateActivation>> read_activations(const sdk::KernelInfo& info,
                                                          std::vector<std::string> defaults, int64_t directions) {
  std::vector<std::string> names = info.attr_strings("activations");
  const size_t count = defaults.size() * static_cast<size_t>(directions);
  if (names.empty())
    while (names.size() < count) names.insert(names.end(), defaults.begin(), defaults.end());
  // One direction takes the first half of a list for both, as RNN's own default is.
  if (names.size() == 2 * defaults.size() && directions == 1) names.resize(count);
  if (names.size() != count)
    return sdk::invalid_model("attribute activations lists ", names.size(), " functions, expected ", count, ": ",
                              defaults.size(), " for each of ", directions, " directions");
  const std::vector<float> alphas = info.attr_floats("activation_alpha"), betas = info.attr_floats("activation_beta");
  size_t alpha = 0, beta = 0;
  std::vector<GateActivation> found;
  for (const std::string& name : names) {
    const Row* row = find_row(name);
    if (row == nullptr)
      return sdk::invalid_model("attribute activations names '", name,
                                "', expected a function of the specification, as Tanh");
    GateActivation& a = found.emplace_back();
    a.function_ = row->function;
    a.alpha_ = row->has_alpha ? next_of(alphas, &alpha, row->alpha) : 0;
    a.beta_ = row->has_beta ? next_of(betas, &beta, row->beta) : 0;
    a.clip_ = info.attr_float("clip", INFINITY);
    if (!(a.clip_ >= 0)) return sdk::invalid_model("attribute clip is ", a.clip_, ", expected 0 or more");
  }
  return found;
}

}  // namespace tenon::cpu_ref
