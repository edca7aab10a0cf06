// The functions that RNN, GRU and LSTM name in their attribute `activations`, with alpha and beta.
#pragma once

#include <cmath>
#include <string>
#include <string_view>
#include <tenon/sdk/kernel.hpp>
#include <vector>

namespace tenon::cpu_ref {

/// One function, with its numbers and the threshold that its argument is clipped to.
class GateActivation {
 public:
  double operator()(double x) const { return unclipped(x > clip_ ? clip_ : x < -clip_ ? -clip_ : x); }
  double unclipped(double x) const { return function_(x, alpha_, beta_); }

 private:
  friend sdk::Result<std::vector<GateActivation>> read_activations(const sdk::KernelInfo&, std::vector<std::string>,
                                                                   int64_t);
  double (*function_)(double x, double alpha, double beta) = nullptr;
  double alpha_ = 0, beta_ = 0, clip_ = INFINITY;
};

/// What the node says, else `defaults`: one list for each of `directions`. alpha and beta are taken in order by the
/// functions that have them. TN_INVALID_MODEL: an unknown name, or another number of them, or a threshold below 0.
sdk::Result<std::vector<GateActivation>> read_activations(const sdk::KernelInfo& info,
                                                          std::vector<std::string> defaults, int64_t directions);

}  // namespace tenon::cpu_ref
