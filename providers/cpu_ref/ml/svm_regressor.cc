// SVMRegressor: Y[n, 0] is the sum of the kernel values of X's row n with the support vectors times coefficients, plus
// rho[0]; without vectors, the row times the coefficients, plus rho[0]. With one_class, 1 where that is above 0, else
// -1. As in ONNX Runtime, no post transform counts. X is N x C or C.
#include "ml/support_vectors.h"

namespace tenon::cpu_ref {
namespace {

class SvmRegressor final : public sdk::Kernel {
 public:
  SvmRegressor(SvmForm form, bool is_one_class) : form_(std::move(form)), is_one_class_(is_one_class) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const Rows rows, svm_rows(form_, x));
    const int64_t dims[] = {rows.count, 1};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_FLOAT, dims));
    TN_ASSIGN_OR_RETURN(const float* const input, floats_of(run, x));
    run.parallel_for(rows.count, double(form_.vectors.size()), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end && !run.cancelled(); ++i) {
        const auto score = static_cast<float>(score_of(input + i * rows.columns));
        y.data<float>()[i] = !is_one_class_ ? score : score > 0 ? 1.0f : -1.0f;
      }
    });
    return {};
  }

 private:
  double score_of(const float* x) const {
    double sum = double(form_.rho[0]);
    if (form_.vector_count == 0) return sum + form_.value(x, form_.vectors.data());
    for (int64_t v = 0; v < form_.vector_count; ++v)
      sum +=
          double(form_.coefficients[static_cast<size_t>(v)]) * form_.value(x, form_.vectors.data() + v * form_.columns);
    return sum;
  }

  const SvmForm form_;
  const bool is_one_class_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_svm_regressor(const sdk::KernelInfo& info) {
  const int64_t vectors = info.attr_int("n_supports");
  if (vectors < 0) return sdk::invalid_model("attribute n_supports is ", vectors, ", expected 0 or more");
  TN_RETURN_IF_ERROR(read_post_transform(info).take_status());
  TN_ASSIGN_OR_RETURN(SvmForm form, read_svm(info, vectors, 1));
  if (vectors > 0)
    TN_RETURN_IF_ERROR(
        check_length("coefficients", form.coefficients.size(), static_cast<size_t>(vectors), "n_supports says"));
  return std::make_unique<SvmRegressor>(std::move(form), info.attr_int("one_class") != 0);
}

}  // namespace tenon::cpu_ref
