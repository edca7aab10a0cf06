// NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss of scores N x C x D1... and labels N x D1...: each label's loss
// is -w[label] * score[label], or -w[label] * log_softmax(scores)[label], and 0 where the label is ignore_index.
// Without weights w is 1. Reduced to their sum, or to their mean by weight, in which ignored labels have none.
#include <algorithm>
#include <cmath>
#include <optional>
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"
#include "parameters.h"

namespace tenon::cpu_ref {
namespace {

enum class Reduction { kNone, kSum, kMean };

sdk::Result<Reduction> read_reduction(const sdk::KernelInfo& info) {
  const std::string text = info.attr_string("reduction");
  if (text == "none") return Reduction::kNone;
  if (text == "sum") return Reduction::kSum;
  if (text == "mean") return Reduction::kMean;
  return sdk::invalid_model("attribute reduction is '", text, "', expected none, sum or mean");
}

class Loss final : public sdk::Kernel {
 public:
  Loss(const sdk::KernelInfo& info, Reduction reduction, bool takes_softmax)
      : reduction_(reduction), takes_softmax_(takes_softmax) {
    if (info.has_int("ignore_index")) ignored_ = info.attr_int("ignore_index");
  }

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const std::vector<int64_t> labels, read_labels(run));
    const int64_t classes = x.dim(1);
    std::vector<double> weights;
    if (run.has_input(2)) {
      TN_ASSIGN_OR_RETURN(weights, read_vector(run.input(2), classes, "weight"));
    }
    return visit_floats(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      const int64_t count = static_cast<int64_t>(labels.size());
      const int64_t inner = x.dim(0) == 0 ? 0 : count / x.dim(0);
      T* log_probabilities = nullptr;
      if (takes_softmax_ && run.output_wanted(1)) {
        TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView all, run.output(1, x.dtype(), x.shape()));
        log_probabilities = all.data<T>();
      }
      TN_ASSIGN_OR_RETURN(double* const losses, run.scratch<double>(static_cast<size_t>(count)));
      run.parallel_for(count, double(classes) * 4, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const int64_t first = i / inner * classes * inner + i % inner;
          const T* const scores = x.data<T>() + first;
          const double shift = takes_softmax_ ? log_of_sum(scores, classes, inner) : 0;
          if (log_probabilities != nullptr)
            for (int64_t c = 0; c < classes; ++c)
              log_probabilities[first + c * inner] = from_double<T>(double(scores[c * inner]) - shift);
          const int64_t label = labels[static_cast<size_t>(i)];
          losses[i] = is_ignored(label) ? 0 : weight_of(weights, label) * (shift - double(scores[label * inner]));
        }
      });
      return store<T>(run, labels, weights, losses);
    });
  }

 private:
  bool is_ignored(int64_t label) const { return ignored_ && label == *ignored_; }

  static double weight_of(const std::vector<double>& weights, int64_t label) {
    return weights.empty() ? 1 : weights[static_cast<size_t>(label)];
  }

  /// log(sum of exp(score)) over the classes.
  template <typename T>
  static double log_of_sum(const T* scores, int64_t classes, int64_t stride) {
    double largest = -INFINITY, sum = 0;
    for (int64_t c = 0; c < classes; ++c) largest = nan_max(largest, double(scores[c * stride]));
    if (std::isinf(largest)) largest = 0;
    for (int64_t c = 0; c < classes; ++c) sum += std::exp(double(scores[c * stride]) - largest);
    return largest + std::log(sum);
  }

  sdk::Result<std::vector<int64_t>> read_labels(sdk::RunContext& run) const {
    const sdk::TensorView x = run.input(0), t = run.input(1);
    bool fits = x.rank() >= 2 && t.rank() == x.rank() - 1 && t.dim(0) == x.dim(0);
    for (int64_t d = 1; fits && d < t.rank(); ++d) fits = t.dim(d) == x.dim(d + 1);
    if (!fits)
      return sdk::invalid_argument("scores have shape ", sdk::shape_text(x.shape()), " and labels ",
                                   sdk::shape_text(t.shape()), ", expected N x C x D1... and N x D1...");
    std::vector<int64_t> labels(static_cast<size_t>(t.count()));
    TN_RETURN_IF_ERROR((visit_types<int32_t, int64_t>(t.dtype(), [&](auto tag) -> sdk::Status {
      std::copy_n(t.data<decltype(tag)>(), labels.size(), labels.begin());
      return {};
    })));
    for (const int64_t label : labels)
      if (!is_ignored(label) && (label < 0 || label >= x.dim(1)))
        return sdk::invalid_argument("a label is ", label, ", expected 0 to ", x.dim(1) - 1,
                                     ignored_ ? sdk::concat(", or ignore_index ", *ignored_) : std::string());
    return labels;
  }

  template <typename T>
  sdk::Status store(sdk::RunContext& run, const std::vector<int64_t>& labels, const std::vector<double>& weights,
                    const double* losses) const {
    if (reduction_ == Reduction::kNone) {
      TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, sdk::kDTypeOf<T>, run.input(1).shape()));
      for (size_t i = 0; i < labels.size(); ++i) y.data<T>()[i] = from_double<T>(losses[i]);
      return {};
    }
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, sdk::kDTypeOf<T>, {}));
    double sum = 0, weight = 0;
    for (size_t i = 0; i < labels.size(); ++i) {
      sum += losses[i];
      weight += is_ignored(labels[i]) ? 0 : weight_of(weights, labels[i]);
    }
    *y.data<T>() = from_double<T>(reduction_ == Reduction::kSum ? sum : sum / weight);
    return {};
  }

  const Reduction reduction_;
  const bool takes_softmax_;
  std::optional<int64_t> ignored_;
};

sdk::Result<sdk::KernelPtr> make_loss(const sdk::KernelInfo& info, bool takes_softmax) {
  TN_ASSIGN_OR_RETURN(const Reduction reduction, read_reduction(info));
  return std::make_unique<Loss>(info, reduction, takes_softmax);
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_negative_log_likelihood_loss(const sdk::KernelInfo& info) {
  return make_loss(info, false);
}
sdk::Result<sdk::KernelPtr> make_softmax_cross_entropy_loss(const sdk::KernelInfo& info) {
  return make_loss(info, true);
}

}  // namespace tenon::cpu_ref
