// Kernel functions of support vector machines.
#pragma once

#include "ml/scores.h"

namespace tenon::cpu_ref {

enum class SvmKernel { kLinear, kPoly, kRbf, kSigmoid };

/// LINEAR x.y, POLY (gamma x.y + coef0)^degree, RBF exp(-gamma |x - y|^2), SIGMOID tanh(gamma x.y + coef0). Sums are
/// made in double.
struct SvmForm {
  SvmKernel kernel = SvmKernel::kLinear;
  double gamma = 0, coef0 = 0, degree = 0;
  std::vector<float> vectors;  // vector_count x columns; the coefficients where there are none
  std::vector<float> coefficients;
  std::vector<float> rho;
  int64_t vector_count = 0;  // 0: linear without vectors
  int64_t columns = 0;

  double value(const float* x, const float* y) const;
};

/// `vector_count` as the attributes say it, and the number of rows of coefficients where it is 0.
sdk::Result<SvmForm> read_svm(const sdk::KernelInfo& info, int64_t vector_count, int64_t rows);
/// TN_INVALID_ARGUMENT unless X has the columns of the vectors.
sdk::Result<Rows> svm_rows(const SvmForm& form, const sdk::TensorView& x);

}  // namespace tenon::cpu_ref
