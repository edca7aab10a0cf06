// TreeEnsembleClassifier: Z[n, c] is what the leaves that row n of X comes to add to class c, with base_values; Y[n]
// the label of the greatest. As in ONNX Runtime,
//   - a class that no leaf of a row's adds to has score 0, and is not chosen while another one was added to;
//   - of two classes the second is chosen by its own score alone: where all weights are for one class, that is the only
//     score s, chosen above 0.5 where no weight is negative, else above 0, and Z is 1 - s, s or -s, s; with LOGISTIC
//     the two are 1 - logistic(s), logistic(s), and no other post transform but PROBIT counts;
//   - one class alone has the label 1 where its score is above 0, else 0.
// X is N x C or C, and missing values are those that are no numbers. Scratch: that of ForestRun.
#include <algorithm>

#include "ml/forest_run.h"
#include "ml/tree_nodes.h"

namespace tenon::cpu_ref {
namespace {

/// How the two scores of a row are told from one, in ClassChoice.
enum class OnlyScore { kIsNone, kIsChance, kIsSigned };

/// What becomes of the sums of a row.
template <typename T>
class ClassChoice {
 public:
  ClassChoice(const TreeLists& lists, PostTransform transform, int64_t classes)
      : base_(lists.base_values.begin(), lists.base_values.end()),
        transform_(transform),
        classes_(classes),
        is_binary_(classes == 2 && lists.has_one_target),
        is_positive_(!lists.has_negative) {}

  /// The class, or ~ the label of a class that has none. Changes the sums.
  int64_t choose(RowScores<T> row, float* z) const {
    if (classes_ == 1) return choose_of_one(row, z);
    return classes_ == 2 ? choose_of_two(row, z) : choose_of_many(row, z);
  }

 private:
  int64_t choose_of_one(RowScores<T> row, float* z) const {
    const T score = row.scores[0] + (base_.empty() ? T(0) : base_[0]);
    z[0] = static_cast<float>(transform_ == PostTransform::kProbit ? probit(score) : score);
    return ~int64_t{score > 0};
  }

  int64_t choose_of_many(RowScores<T> row, float* z) const {
    int64_t best = -1;
    for (int64_t c = 0; c < classes_; ++c) {
      if (!base_.empty()) {
        row.scores[c] += base_[static_cast<size_t>(c)];
        row.has[c] = 1;
      }
      if (row.has[c] != 0 && (best < 0 || row.scores[c] > row.scores[best])) best = c;
    }
    write_all(row, z);
    return std::max<int64_t>(best, 0);
  }

  int64_t choose_of_two(RowScores<T> row, float* z) const {
    T* const s = row.scores;
    bool is_only = row.has[1] == 0;
    if (base_.size() == 2) {
      is_only = false;
      if (row.has[1] != 0) {
        s[1] = base_[1] + s[0];
        s[0] = -s[1];
      } else {
        s[0] += base_[0];
      }
    } else if (base_.size() == 1) {
      s[0] += base_[0];
    }
    const T deciding = row.has[1] != 0 ? s[1] : row.has[0] != 0 ? s[0] : T(0);
    const int64_t chosen = deciding > (is_binary_ && is_positive_ ? T(0.5) : T(0)) ? 1 : 0;
    if (!is_only) {
      write_all(row, z);
    } else if (is_binary_) {
      write_only(row, is_positive_ ? OnlyScore::kIsChance : OnlyScore::kIsSigned, z);
    } else {
      write_only(row, base_.empty() ? OnlyScore::kIsSigned : OnlyScore::kIsNone, z);
    }
    return chosen;
  }

  void write_all(RowScores<T> row, float* z) const {
    for (int64_t c = 0; c < classes_; ++c)
      if (row.has[c] == 0) row.scores[c] = 0;
    transform_scores(transform_, row.scores, classes_);
    for (int64_t c = 0; c < classes_; ++c) z[c] = static_cast<float>(row.scores[c]);
  }

  void write_only(RowScores<T> row, OnlyScore meaning, float* z) const {
    const T s = row.has[0] != 0 ? row.scores[0] : T(0);
    if (meaning != OnlyScore::kIsNone) return write_two_scores(transform_, s, meaning == OnlyScore::kIsChance, z);
    z[0] = static_cast<float>(transform_ == PostTransform::kProbit ? probit(s) : s);
    z[1] = 0;
  }

  const std::vector<T> base_;
  const PostTransform transform_;
  const int64_t classes_;
  const bool is_binary_, is_positive_;
};

template <typename T>
class TreeClassifier final : public sdk::Kernel {
 public:
  TreeClassifier(Forest<T> forest, ClassChoice<T> choice, ClassLabels labels)
      : forest_(std::move(forest)), choice_(std::move(choice)), labels_(std::move(labels)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const Rows rows, matrix_rows(x));
    const int64_t classes = labels_.size(), dims[] = {rows.count, classes};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView z, run.output(1, TN_FLOAT, dims));
    TN_ASSIGN_OR_RETURN(int64_t* const chosen, run.scratch<int64_t>(static_cast<size_t>(rows.count)));
    // Of rows that a cancelled run does not come to.
    std::fill_n(chosen, rows.count, int64_t{0});
    const ForestRun<T> trees(forest_, Aggregate::kSum);
    TN_RETURN_IF_ERROR(trees.run(run, x, [&](int64_t row, RowScores<T> scores) {
      chosen[row] = choice_.choose(scores, z.data<float>() + row * classes);
    }));
    return write_labels(run, labels_, sdk::Span<const int64_t>(chosen, static_cast<size_t>(rows.count)));
  }

 private:
  const Forest<T> forest_;
  const ClassChoice<T> choice_;
  const ClassLabels labels_;
};

template <typename T>
sdk::Result<sdk::KernelPtr> make_classifier(const TreeLists& lists, PostTransform transform, ClassLabels labels) {
  TN_ASSIGN_OR_RETURN(Forest<T> forest, Forest<T>::create(lists.forest));
  ClassChoice<T> choice(lists, transform, labels.size());
  return std::make_unique<TreeClassifier<T>>(std::move(forest), std::move(choice), std::move(labels));
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_tree_ensemble_classifier(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const PostTransform transform, read_post_transform(info));
  TN_ASSIGN_OR_RETURN(ClassLabels labels, read_labels(info, "classlabels_int64s"));
  TN_ASSIGN_OR_RETURN(const TreeLists lists, read_tree_lists(info, "class", labels.size()));
  const auto count = static_cast<int64_t>(lists.base_values.size());
  if (count != 0 && count != labels.size() && !(count == 1 && labels.size() == 2))
    return sdk::invalid_model("attribute base_values has ", count, " entries for ", labels.size(),
                              " labels, expected none, one for each, or one of two");
  const bool is_double = lists.are_double || info.input(0).info().dtype() == TN_DOUBLE;
  if (is_double) return make_classifier<double>(lists, transform, std::move(labels));
  return make_classifier<float>(lists, transform, std::move(labels));
}

}  // namespace tenon::cpu_ref
