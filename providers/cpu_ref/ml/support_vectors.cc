#include "ml/support_vectors.h"

#include <cmath>

namespace tenon::cpu_ref {

double SvmForm::value(const float* x, const float* y) const {
  if (kernel == SvmKernel::kRbf) {
    double distance = 0;
    for (int64_t c = 0; c < columns; ++c) distance += (double(x[c]) - double(y[c])) * (double(x[c]) - double(y[c]));
    return std::exp(-gamma * distance);
  }
  const double sum = dot(x, y, columns);
  switch (kernel) {
    case SvmKernel::kPoly: return std::pow(gamma * sum + coef0, degree);
    case SvmKernel::kSigmoid: return std::tanh(gamma * sum + coef0);
    default: return sum;
  }
}

namespace {

sdk::Result<SvmKernel> read_svm_kernel(const sdk::KernelInfo& info) {
  const std::string word = info.attr_string("kernel_type");
  if (word == "LINEAR") return SvmKernel::kLinear;
  if (word == "POLY") return SvmKernel::kPoly;
  if (word == "RBF") return SvmKernel::kRbf;
  if (word == "SIGMOID") return SvmKernel::kSigmoid;
  return sdk::invalid_model("attribute kernel_type is '", word, "', expected LINEAR, POLY, RBF or SIGMOID");
}

}  // namespace

sdk::Result<SvmForm> read_svm(const sdk::KernelInfo& info, int64_t vector_count, int64_t rows) {
  SvmForm form;
  TN_ASSIGN_OR_RETURN(form.kernel, read_svm_kernel(info));
  const std::vector<float> params = info.attr_floats("kernel_params");
  if (!params.empty() && params.size() != 3)
    return sdk::invalid_model("attribute kernel_params has ", params.size(), " numbers, expected gamma, coef0 and ",
                              "degree");
  if (!params.empty()) form.gamma = double(params[0]), form.coef0 = double(params[1]), form.degree = double(params[2]);
  form.coefficients = info.attr_floats("coefficients");
  form.rho = info.attr_floats("rho");
  form.vectors = info.attr_floats("support_vectors");
  form.vector_count = vector_count;
  if (form.coefficients.empty())
    return sdk::invalid_model("attribute coefficients is empty, expected those of the support vectors");
  if (form.rho.empty()) return sdk::invalid_model("attribute rho is empty, expected the constant of each decision");
  if (vector_count == 0) {
    form.kernel = SvmKernel::kLinear;
    form.vectors = form.coefficients;
  }
  const auto length = static_cast<int64_t>(form.vectors.size()), count = vector_count > 0 ? vector_count : rows;
  if (count < 1 || length == 0 || length % count != 0)
    return sdk::invalid_model("attribute ", vector_count > 0 ? "support_vectors" : "coefficients", " has ", length,
                              " numbers, expected ", count, " rows");
  form.columns = length / count;
  return form;
}

sdk::Result<Rows> svm_rows(const SvmForm& form, const sdk::TensorView& x) {
  TN_ASSIGN_OR_RETURN(const Rows rows, rows_of(x));
  if (rows.columns != form.columns)
    return sdk::invalid_argument("input X has shape ", sdk::shape_text(x.shape()), ", expected ", form.columns,
                                 " columns as the vectors of the model");
  return rows;
}

}  // namespace tenon::cpu_ref
