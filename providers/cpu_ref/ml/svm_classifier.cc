// SVMClassifier. With support vectors, one machine for each pair of classes: its score is the sum of the kernel values
// of X's row with the vectors of both classes times coefficients, plus rho, and it votes for the first class where that
// is above 0. The label is the one with most votes, Z the scores of the pairs; of two classes -s, s, or 1 - s, s with a
// post transform. With prob_a and prob_b, Z is the chance of each class, coupled from those of the pairs as in
// "Probability Estimates for Multi-class Classification by Pairwise Coupling" (Wu, Lin, Weng 2004), method 2. Without
// vectors, scores of classes are linear, all with rho[0]; which of two is chosen is ONNX Runtime's rule, see
// choose_linear(). coefficients: (classes - 1) x vectors, in the order of classes as vectors are; X is N x C or C.
#include <algorithm>
#include <cmath>

#include "ml/support_vectors.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

constexpr int kMostRounds = 100;  // of coupling
constexpr double kLeastChance = 1e-7;

/// The chances of classes by those of pairs: pairs[i * classes + j] that it is i, of i and j.
void couple(const std::vector<double>& pairs, size_t classes, float* chances) {
  std::vector<double> q(classes * classes), p(classes, 1.0 / double(classes)), qp(classes);
  for (size_t i = 0; i < classes; ++i)
    for (size_t j = 0; j < classes; ++j) {
      if (i == j) continue;
      q[i * classes + i] += pairs[j * classes + i] * pairs[j * classes + i];
      q[i * classes + j] = -pairs[j * classes + i] * pairs[i * classes + j];
    }
  const double most_error = 0.005 / double(classes);
  for (int round = 0; round < kMostRounds; ++round) {
    double pqp = 0;
    for (size_t i = 0; i < classes; ++i) {
      qp[i] = 0;
      for (size_t j = 0; j < classes; ++j) qp[i] += q[i * classes + j] * p[j];
      pqp += p[i] * qp[i];
    }
    const bool is_close =
        std::all_of(qp.begin(), qp.end(), [&](double value) { return std::abs(value - pqp) < most_error; });
    if (is_close) break;
    for (size_t i = 0; i < classes; ++i) {
      const double own = q[i * classes + i], step = (pqp - qp[i]) / own;
      p[i] += step;
      pqp = (pqp + step * (step * own + 2 * qp[i])) / ((1 + step) * (1 + step));
      for (size_t j = 0; j < classes; ++j) {
        qp[j] = (qp[j] + step * q[i * classes + j]) / (1 + step);
        p[j] /= 1 + step;
      }
    }
  }
  for (size_t i = 0; i < classes; ++i) chances[i] = static_cast<float>(p[i]);
}

struct SvmClasses {
  SvmForm svm;
  ClassLabels labels;
  PostTransform transform = PostTransform::kNone;
  std::vector<size_t> begins;  // of each class's vectors, and the end; none: linear
  std::vector<float> prob_a, prob_b;
  bool is_positive = false;  // all coefficients

  size_t class_count() const { return static_cast<size_t>(labels.size()); }
  size_t pair_count() const { return class_count() * (class_count() - 1) / 2; }
  bool is_linear() const { return begins.empty(); }
  int64_t width() const {
    const bool scores_pairs = !is_linear() && prob_a.empty() && class_count() > 2;
    return static_cast<int64_t>(scores_pairs ? pair_count() : class_count());
  }
};

class SvmClassifier final : public sdk::Kernel {
 public:
  explicit SvmClassifier(SvmClasses form) : form_(std::move(form)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const Rows rows, svm_rows(form_.svm, x));
    const int64_t width = form_.width(), dims[] = {rows.count, width};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView z, run.output(1, TN_FLOAT, dims));
    TN_ASSIGN_OR_RETURN(const float* const input, floats_of(run, x));
    TN_ASSIGN_OR_RETURN(int64_t* const chosen, run.scratch<int64_t>(static_cast<size_t>(rows.count)));
    // Of rows that a cancelled run does not come to.
    std::fill_n(chosen, rows.count, int64_t{0});
    const double cost = double(form_.svm.vectors.size());
    TN_RETURN_IF_ERROR(run.parallel_for(rows.count, cost, [&](int64_t begin, int64_t end) -> sdk::Status {
      for (int64_t i = begin; i < end && !run.cancelled(); ++i) {
        const float* const row = input + i * rows.columns;
        float* const scores = z.data<float>() + i * width;
        chosen[i] = form_.is_linear() ? choose_linear(row, scores) : choose_by_pairs(row, scores);
      }
      return {};
    }));
    return write_labels(run, form_.labels, sdk::Span<const int64_t>(chosen, static_cast<size_t>(rows.count)));
  }

 private:
  int64_t choose_linear(const float* x, float* z) const {
    const SvmForm& svm = form_.svm;
    const auto classes = static_cast<int64_t>(form_.class_count());
    for (int64_t c = 0; c < classes; ++c)
      z[c] = static_cast<float>(svm.value(x, svm.vectors.data() + c * svm.columns) + double(svm.rho[0]));
    const float* const greatest = std::max_element(z, z + classes);
    int64_t chosen = greatest - z;
    // As ONNX Runtime has it, the second class also where the first one's score is as high.
    if (classes == 2 && form_.prob_a.empty() && (form_.is_positive ? *greatest >= 0.5f : *greatest > 0)) chosen = 1;
    if (classes > 1 || form_.transform == PostTransform::kProbit) transform_scores(form_.transform, z, classes);
    return chosen;
  }

  int64_t choose_by_pairs(const float* x, float* z) const {
    const SvmForm& svm = form_.svm;
    const size_t classes = form_.class_count();
    std::vector<double> values(static_cast<size_t>(svm.vector_count));
    for (size_t v = 0; v < values.size(); ++v)
      values[v] = svm.value(x, svm.vectors.data() + static_cast<int64_t>(v) * svm.columns);
    std::vector<double> scores;
    std::vector<int64_t> votes(classes);
    for (size_t i = 0; i < classes; ++i)
      for (size_t j = i + 1; j < classes; ++j) {
        const double rho = double(svm.rho[scores.size()]);
        scores.push_back(weighted(values, i, j - 1) + weighted(values, j, i) + rho);
        ++votes[scores.back() > 0 ? i : j];
      }
    write_scores(scores, z);
    return std::max_element(votes.begin(), votes.end()) - votes.begin();
  }

  /// The values of a class's vectors times a row of coefficients.
  double weighted(const std::vector<double>& values, size_t cls, size_t row) const {
    double sum = 0;
    for (size_t v = form_.begins[cls]; v < form_.begins[cls + 1]; ++v)
      sum += double(form_.svm.coefficients[row * values.size() + v]) * values[v];
    return sum;
  }

  void write_scores(const std::vector<double>& scores, float* z) const {
    const size_t classes = form_.class_count();
    if (!form_.prob_a.empty()) {
      couple(chances_of_pairs(scores), classes, z);
    } else if (classes == 2) {
      const bool is_chance = form_.transform != PostTransform::kNone;
      return write_two_scores(form_.transform, static_cast<float>(scores[0]), is_chance, z);
    } else {
      for (size_t i = 0; i < scores.size(); ++i) z[i] = static_cast<float>(scores[i]);
    }
    transform_scores(form_.transform, z, form_.width());
  }

  std::vector<double> chances_of_pairs(const std::vector<double>& scores) const {
    const size_t classes = form_.class_count();
    std::vector<double> pairs(classes * classes);
    size_t at = 0;
    for (size_t i = 0; i < classes; ++i)
      for (size_t j = i + 1; j < classes; ++j, ++at) {
        const double chance = 1 - logistic(scores[at] * double(form_.prob_a[at]) + double(form_.prob_b[at]));
        pairs[i * classes + j] = std::min(std::max(chance, kLeastChance), 1 - kLeastChance);
        pairs[j * classes + i] = 1 - pairs[i * classes + j];
      }
    return pairs;
  }

  const SvmClasses form_;
};

/// Where the vectors of each class begin.
sdk::Status read_begins(const sdk::KernelInfo& info, SvmClasses* form) {
  const std::vector<int64_t> counts = info.attr_ints("vectors_per_class");
  int64_t total = 0;
  std::vector<size_t> begins = {0};
  for (const int64_t count : counts) {
    if (count < 0 || __builtin_add_overflow(total, count, &total))
      return sdk::invalid_model("attribute vectors_per_class has ", count, ", expected a number of support vectors");
    begins.push_back(static_cast<size_t>(total));
  }
  if (total == 0) return {};
  form->begins = std::move(begins);
  return check_length("vectors_per_class", counts.size(), form->class_count(), "there are labels");
}

sdk::Status check_pairs(const SvmClasses& form) {
  if (form.class_count() < 2)
    return sdk::invalid_model("there is ", form.class_count(), " label, expected two or more as machines tell pairs");
  const auto vectors = static_cast<size_t>(form.svm.vector_count);
  if (form.svm.coefficients.size() / vectors < form.class_count() - 1)
    return sdk::invalid_model("attribute coefficients has ", form.svm.coefficients.size(), " numbers, expected ",
                              form.class_count() - 1, " for each of ", vectors, " support vectors");
  if (form.svm.rho.size() < form.pair_count())
    return sdk::invalid_model("attribute rho has ", form.svm.rho.size(), " numbers, expected ", form.pair_count(),
                              ", one for each pair of classes");
  if (!form.prob_a.empty() && form.prob_a.size() < form.pair_count())
    return sdk::invalid_model("attribute prob_a has ", form.prob_a.size(), " numbers, expected ", form.pair_count(),
                              ", one for each pair of classes");
  return {};
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_svm_classifier(const sdk::KernelInfo& info) {
  SvmClasses form;
  TN_ASSIGN_OR_RETURN(form.transform, read_post_transform(info));
  TN_ASSIGN_OR_RETURN(form.labels, read_labels(info, "classlabels_ints"));
  // Pairs of more would not fit into memory.
  if (form.labels.size() > 65535)
    return sdk::unsupported("no implementation for ", form.labels.size(), " classes, expected at most 65535");
  form.prob_a = info.attr_floats("prob_a");
  form.prob_b = info.attr_floats("prob_b");
  TN_RETURN_IF_ERROR(check_length("prob_b", form.prob_b.size(), form.prob_a.size(), "prob_a"));
  TN_RETURN_IF_ERROR(read_begins(info, &form));
  const int64_t vectors = form.is_linear() ? 0 : static_cast<int64_t>(form.begins.back());
  TN_ASSIGN_OR_RETURN(form.svm, read_svm(info, vectors, form.labels.size()));
  if (!form.is_linear()) TN_RETURN_IF_ERROR(check_pairs(form));
  form.is_positive =
      std::all_of(form.svm.coefficients.begin(), form.svm.coefficients.end(), [](float v) { return v >= 0; });
  return std::make_unique<SvmClassifier>(std::move(form));
}

}  // namespace tenon::cpu_ref
