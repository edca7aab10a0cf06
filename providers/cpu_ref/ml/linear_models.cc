// LinearClassifier and LinearRegressor: scores are X (N x C or C) times the transposed coefficients, plus intercepts.
// Sums are made in double. As in ONNX Runtime the class of the greatest score is chosen; a single row of coefficients
// tells the second of two classes where its score s is above 0, and Z is 1 - s, s, with LOGISTIC 1 - logistic(s),
// logistic(s), or s alone unless there are two labels; and of one score PROBIT alone transforms.
#include <algorithm>

#include "ml/scores.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

struct LinearForm {
  std::vector<float> coefficients, intercepts;
  PostTransform transform = PostTransform::kNone;
};

sdk::Result<LinearForm> read_linear(const sdk::KernelInfo& info) {
  LinearForm form{info.attr_floats("coefficients"), info.attr_floats("intercepts")};
  TN_ASSIGN_OR_RETURN(form.transform, read_post_transform(info));
  if (form.coefficients.empty())
    return sdk::invalid_model("attribute coefficients is empty, expected a row for each ", "class or target");
  return form;
}

/// scores: N x outputs.
void score_rows(sdk::RunContext& run, const LinearForm& form, const float* x, Rows rows, int64_t outputs,
                float* scores) {
  run.parallel_for(rows.count * outputs, double(rows.columns), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float* const row = x + i / outputs * rows.columns;
      const float* const weights = form.coefficients.data() + i % outputs * rows.columns;
      const double intercept = form.intercepts.empty() ? 0 : double(form.intercepts[static_cast<size_t>(i % outputs)]);
      scores[i] = static_cast<float>(intercept + dot(row, weights, rows.columns));
    }
  });
}

/// Of one output or more; as many as the rows of coefficients.
sdk::Result<int64_t> output_count(const LinearForm& form, const sdk::TensorView& x, Rows rows, int64_t stated) {
  const auto length = static_cast<int64_t>(form.coefficients.size());
  const int64_t outputs = stated > 0 ? stated : rows.columns > 0 ? length / rows.columns : 0;
  int64_t expected = 0;
  if (outputs < 1 || __builtin_mul_overflow(outputs, rows.columns, &expected) || expected != length)
    return sdk::invalid_argument("input X has shape ", sdk::shape_text(x.shape()), ", which ", length, " coefficients ",
                                 stated > 0 ? sdk::concat("of ", stated, " rows ") : std::string(),
                                 "do not fit: expected as many columns as a row of coefficients");
  return outputs;
}

class LinearClassifier final : public sdk::Kernel {
 public:
  LinearClassifier(LinearForm form, ClassLabels labels) : form_(std::move(form)), labels_(std::move(labels)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const Rows rows, rows_of(x));
    TN_ASSIGN_OR_RETURN(const int64_t classes,
                        output_count(form_, x, rows, static_cast<int64_t>(form_.intercepts.size())));
    if (classes > 1 && labels_.size() < classes)
      return sdk::invalid_argument("there are ", labels_.size(), " labels for ", classes, " rows of coefficients");
    const bool adds_second = classes == 1 && labels_.size() == 2;
    const int64_t width = adds_second ? 2 : classes, dims[] = {rows.count, width};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView z, run.output(1, TN_FLOAT, dims));
    TN_ASSIGN_OR_RETURN(const float* const input, floats_of(run, x));
    TN_ASSIGN_OR_RETURN(float* const scores, run.scratch<float>(static_cast<size_t>(rows.count * classes)));
    TN_ASSIGN_OR_RETURN(int64_t* const chosen, run.scratch<int64_t>(static_cast<size_t>(rows.count)));
    score_rows(run, form_, input, rows, classes, scores);
    for (int64_t i = 0; i < rows.count; ++i) {
      float *const from = scores + i * classes, *const to = z.data<float>() + i * width;
      if (classes == 1) {
        const int64_t is_second = from[0] > 0;
        chosen[i] = labels_.size() == 2 ? is_second : ~is_second;
        write_one(from[0], adds_second, to);
      } else {
        chosen[i] = std::max_element(from, from + classes) - from;
        transform_scores(form_.transform, from, classes);
        std::copy_n(from, classes, to);
      }
    }
    return write_labels(run, labels_, sdk::Span<const int64_t>(chosen, static_cast<size_t>(rows.count)));
  }

 private:
  void write_one(float score, bool adds_second, float* z) const {
    if (adds_second) return write_two_scores(form_.transform, score, true, z);
    z[0] = form_.transform == PostTransform::kProbit ? probit(score) : score;
  }

  const LinearForm form_;
  const ClassLabels labels_;
};

class LinearRegressor final : public sdk::Kernel {
 public:
  LinearRegressor(LinearForm form, int64_t targets) : form_(std::move(form)), targets_(targets) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const Rows rows, rows_of(x));
    TN_RETURN_IF_ERROR(output_count(form_, x, rows, targets_).take_status());
    const int64_t dims[] = {rows.count, targets_};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_FLOAT, dims));
    TN_ASSIGN_OR_RETURN(const float* const input, floats_of(run, x));
    score_rows(run, form_, input, rows, targets_, y.data<float>());
    if (targets_ > 1 || form_.transform == PostTransform::kProbit)
      for (int64_t i = 0; i < rows.count; ++i)
        transform_scores(form_.transform, y.data<float>() + i * targets_, targets_);
    return {};
  }

 private:
  const LinearForm form_;
  const int64_t targets_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_linear_classifier(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(LinearForm form, read_linear(info));
  TN_ASSIGN_OR_RETURN(ClassLabels labels, read_labels(info, "classlabels_ints"));
  const size_t classes = form.intercepts.size();
  if (classes > 0 && form.coefficients.size() % classes != 0)
    return sdk::invalid_model("attribute coefficients has ", form.coefficients.size(), " numbers, expected rows for ",
                              classes, " intercepts");
  if (classes > 1 && labels.size() < static_cast<int64_t>(classes))
    return sdk::invalid_model("there are ", labels.size(), " labels for ", classes, " intercepts, expected one for ",
                              "each");
  return std::make_unique<LinearClassifier>(std::move(form), std::move(labels));
}

sdk::Result<sdk::KernelPtr> make_linear_regressor(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(LinearForm form, read_linear(info));
  const int64_t targets = info.attr_int("targets");
  if (targets < 1 || static_cast<int64_t>(form.coefficients.size()) % targets != 0)
    return sdk::invalid_model("attribute targets is ", targets, ", expected at least 1, and as many rows of the ",
                              form.coefficients.size(), " coefficients");
  if (!form.intercepts.empty())
    TN_RETURN_IF_ERROR(
        check_length("intercepts", form.intercepts.size(), static_cast<size_t>(targets), "targets says"));
  return std::make_unique<LinearRegressor>(std::move(form), targets);
}

}  // namespace tenon::cpu_ref
