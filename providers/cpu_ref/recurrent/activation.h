// The functions that RNN, GRU and LSTM name in their attribute `activations`, in double.
#pragma once

#include <tenon/sdk/geometry/recurrent.hpp>
#include <tenon/sdk/kernel.hpp>

namespace tenon::cpu_ref {

/// One function, with its numbers and the threshold that its argument is clipped to.
class GateActivation {
 public:
  explicit GateActivation(const sdk::GateActivation& of);
  double operator()(double x) const { return unclipped(x > of_.clip ? of_.clip : x < -of_.clip ? -of_.clip : x); }
  double unclipped(double x) const { return function_(x, of_.alpha, of_.beta); }

 private:
  sdk::GateActivation of_;
  double (*function_)(double x, double alpha, double beta);
};

/// As sdk::parse_gate_activations().
sdk::Result<std::vector<GateActivation>> read_activations(const sdk::KernelInfo& info,
                                                          std::vector<std::string> defaults, int64_t directions);

}  // namespace tenon::cpu_ref
