// The activation that fused operators apply to each result before it is rounded. Immutable once created.
#pragma once

#include <string>
#include <tenon/sdk/status.hpp>
#include <vector>

namespace tenon::cpu_ref {

class Activation {
 public:
  /// The operator called `name` on doubles, "" being the identity, with its attributes in the order of the ONNX
  /// specification as `parameters`. TN_UNSUPPORTED for a name without an implementation, TN_INVALID_MODEL for a wrong
  /// number of parameters.
  static sdk::Result<Activation> create(const std::string& name, const std::vector<float>& parameters);

  double operator()(double x) const { return function_(x, a_, b_); }

 private:
  using Function = double (*)(double x, double a, double b);

  Function function_ = [](double x, double, double) { return x; };
  double a_ = 0, b_ = 0;
};

}  // namespace tenon::cpu_ref
