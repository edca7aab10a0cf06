// TreeEnsembleRegressor: Y[n, t] is what the leaves that row n of X comes to say of target t: the sum, the mean over
// all trees, the least or the greatest, and base_values[t] added. TreeEnsemble is the same with nodes by their place
// instead of ids, sets of values as tests, and a result of X's type. As in ONNX Runtime, of one target PROBIT alone
// transforms the score. X is N x C or C, and missing values are those that are no numbers. Scratch: that of ForestRun.
#include <algorithm>

#include "ml/forest_run.h"
#include "ml/tree_nodes.h"

namespace tenon::cpu_ref {
namespace {

struct RegressorForm {
  Aggregate aggregate = Aggregate::kSum;
  PostTransform transform = PostTransform::kNone;
  tn_dtype result = TN_FLOAT;
};

template <typename T>
class TreeRegressor final : public sdk::Kernel {
 public:
  TreeRegressor(Forest<T> forest, const RegressorForm& form, const std::vector<double>& base)
      : forest_(std::move(forest)), form_(form), base_(base.begin(), base.end()) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const Rows rows, matrix_rows(x));
    const int64_t targets = forest_.target_count(), dims[] = {rows.count, targets};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, form_.result, dims));
    const ForestRun<T> trees(forest_, form_.aggregate);
    return visit_types<float, double, sdk::Float16>(form_.result, [&](auto tag) {
      using Y = decltype(tag);
      return trees.run(run, x, [&](int64_t row, RowScores<T> all) {
        finish(all.scores);
        for (int64_t t = 0; t < targets; ++t)
          y.data<Y>()[row * targets + t] = static_cast<Y>(static_cast<Compute<Y>>(all.scores[t]));
      });
    });
  }

 private:
  void finish(T* scores) const {
    const int64_t targets = forest_.target_count();
    for (int64_t t = 0; t < targets; ++t) {
      if (form_.aggregate == Aggregate::kAverage) scores[t] /= static_cast<T>(forest_.tree_count());
      if (!base_.empty()) scores[t] += base_[static_cast<size_t>(t)];
    }
    if (targets > 1 || form_.transform == PostTransform::kProbit) transform_scores(form_.transform, scores, targets);
  }

  const Forest<T> forest_;
  const RegressorForm form_;
  const std::vector<T> base_;
};

template <typename T>
sdk::Result<sdk::KernelPtr> make_regressor(const TreeLists& lists, const RegressorForm& form) {
  TN_ASSIGN_OR_RETURN(Forest<T> forest, Forest<T>::create(lists.forest));
  return std::make_unique<TreeRegressor<T>>(std::move(forest), form, lists.base_values);
}

sdk::Result<sdk::KernelPtr> make_regressor_for(const sdk::KernelInfo& info, const TreeLists& lists,
                                               const RegressorForm& form) {
  const bool is_double = lists.are_double || info.input(0).info().dtype() == TN_DOUBLE;
  return is_double ? make_regressor<double>(lists, form) : make_regressor<float>(lists, form);
}

sdk::Result<Aggregate> read_aggregate(const sdk::KernelInfo& info) {
  const std::string word = info.attr_string("aggregate_function");
  if (word == "SUM") return Aggregate::kSum;
  if (word == "AVERAGE") return Aggregate::kAverage;
  if (word == "MIN") return Aggregate::kMin;
  if (word == "MAX") return Aggregate::kMax;
  return sdk::invalid_model("attribute aggregate_function is '", word, "', expected AVERAGE, SUM, MIN or MAX");
}

// --- TreeEnsemble

class PlacedNodes {
 public:
  explicit PlacedNodes(const sdk::KernelInfo& info) : info_(info) {}

  sdk::Result<TreeLists> read() {
    out_.forest.target_count = info_.attr_int("n_targets");
    TN_RETURN_IF_ERROR(read_modes());
    TN_RETURN_IF_ERROR(read_tests());
    TN_RETURN_IF_ERROR(read_sets());
    TN_RETURN_IF_ERROR(read_leaves());
    out_.forest.roots = info_.attr_ints("tree_roots");
    for (const int64_t root : out_.forest.roots)
      if (root < 0 || root >= static_cast<int64_t>(out_.forest.tests.size()))
        return sdk::invalid_model("attribute tree_roots has ", root, ", expected a place in nodes_modes: 0 to ",
                                  static_cast<int64_t>(out_.forest.tests.size()) - 1);
    return std::move(out_);
  }

 private:
  sdk::Status read_modes() {
    sdk::TensorView modes;
    if (!info_.attr_tensor("nodes_modes", &modes) || modes.dtype() != TN_UINT8)
      return sdk::invalid_model("attribute nodes_modes is of another type, expected a tensor of uint8");
    for (const uint8_t mode : modes.span<uint8_t>()) {
      if (mode >= kTreeTests)
        return sdk::invalid_model("attribute nodes_modes has ", int{mode}, ", expected 0 to ", kTreeTests - 1);
      out_.forest.tests.emplace_back().test = static_cast<TreeTest>(mode);
    }
    return {};
  }

  sdk::Status read_list(const char* name, std::vector<int64_t>* list) const {
    *list = info_.attr_ints(name);
    return check_length(name, list->size(), out_.forest.tests.size(), "nodes_modes");
  }

  sdk::Result<std::vector<double>> read_tensor(const char* name) {
    TN_ASSIGN_OR_RETURN(Numbers numbers, read_numbers(info_, "", name));
    out_.are_double = out_.are_double || numbers.are_double;
    return std::move(numbers.values);
  }

  sdk::Status read_tests() {
    std::vector<int64_t> features, next[2], are_leaves[2];
    TN_RETURN_IF_ERROR(read_list("nodes_featureids", &features));
    TN_RETURN_IF_ERROR(read_list("nodes_truenodeids", &next[0]));
    TN_RETURN_IF_ERROR(read_list("nodes_falsenodeids", &next[1]));
    TN_RETURN_IF_ERROR(read_list("nodes_trueleafs", &are_leaves[0]));
    TN_RETURN_IF_ERROR(read_list("nodes_falseleafs", &are_leaves[1]));
    TN_ASSIGN_OR_RETURN(const std::vector<double> splits, read_tensor("nodes_splits"));
    TN_RETURN_IF_ERROR(check_length("nodes_splits", splits.size(), features.size(), "nodes_modes"));
    const std::vector<int64_t> missing = info_.attr_ints("nodes_missing_value_tracks_true");
    if (!missing.empty())
      TN_RETURN_IF_ERROR(
          check_length("nodes_missing_value_tracks_true", missing.size(), features.size(), "nodes_modes"));
    for (size_t i = 0; i < features.size(); ++i) {
      RawTest& test = out_.forest.tests[i];
      test.feature = features[i];
      test.value = splits[i];
      test.missing_is_true = !missing.empty() && missing[i] == 1;
      for (int branch : {0, 1}) {
        const int64_t place = next[branch][i];
        if (place < 0)
          return sdk::invalid_model("attribute ", branch == 0 ? "nodes_truenodeids" : "nodes_falsenodeids", " has ",
                                    place, ", expected a place of a node or a leaf");
        test.next[branch] = are_leaves[branch][i] != 0 ? ~place : place;
      }
    }
    return {};
  }

  /// The sets of member tests follow each other, with a NaN behind each.
  sdk::Status read_sets() {
    TN_ASSIGN_OR_RETURN(const std::vector<double> members, read_tensor("membership_values"));
    size_t at = 0;
    for (RawTest& test : out_.forest.tests) {
      if (test.test != TreeTest::kMember) continue;
      test.set = out_.forest.sets.size();
      std::vector<double>& set = out_.forest.sets.emplace_back();
      while (at < members.size() && members[at] == members[at]) set.push_back(members[at++]);
      if (set.empty())
        return sdk::invalid_model("attribute membership_values has ", out_.forest.sets.size() - 1,
                                  " sets, expected one of at least one value for each BRANCH_MEMBER of nodes_modes");
      ++at;
    }
    return {};
  }

  sdk::Status read_leaves() {
    const std::vector<int64_t> targets = info_.attr_ints("leaf_targetids");
    TN_ASSIGN_OR_RETURN(const std::vector<double> weights, read_tensor("leaf_weights"));
    TN_RETURN_IF_ERROR(check_length("leaf_weights", weights.size(), targets.size(), "leaf_targetids"));
    out_.forest.leaf_count = static_cast<int64_t>(targets.size());
    for (size_t i = 0; i < targets.size(); ++i)
      out_.forest.weights.push_back({static_cast<int64_t>(i), targets[i], weights[i]});
    return {};
  }

  const sdk::KernelInfo& info_;
  TreeLists out_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_tree_ensemble_regressor(const sdk::KernelInfo& info) {
  RegressorForm form;
  TN_ASSIGN_OR_RETURN(form.transform, read_post_transform(info));
  TN_ASSIGN_OR_RETURN(form.aggregate, read_aggregate(info));
  const int64_t targets = info.attr_int("n_targets", 1);
  TN_ASSIGN_OR_RETURN(const TreeLists lists, read_tree_lists(info, "target", targets));
  if (!lists.base_values.empty())
    TN_RETURN_IF_ERROR(
        check_length("base_values", lists.base_values.size(), static_cast<size_t>(targets), "n_targets says"));
  return make_regressor_for(info, lists, form);
}

sdk::Result<sdk::KernelPtr> make_tree_ensemble(const sdk::KernelInfo& info) {
  constexpr Aggregate kAggregates[] = {Aggregate::kAverage, Aggregate::kSum, Aggregate::kMin, Aggregate::kMax};
  constexpr PostTransform kTransforms[] = {PostTransform::kNone, PostTransform::kSoftmax, PostTransform::kLogistic,
                                           PostTransform::kSoftmaxZero, PostTransform::kProbit};
  const int64_t aggregate = info.attr_int("aggregate_function"), transform = info.attr_int("post_transform");
  if (aggregate < 0 || aggregate > 3)
    return sdk::invalid_model("attribute aggregate_function is ", aggregate, ", expected 0 to 3");
  if (transform < 0 || transform > 4)
    return sdk::invalid_model("attribute post_transform is ", transform, ", expected 0 to 4");
  TN_ASSIGN_OR_RETURN(const TreeLists lists, PlacedNodes(info).read());
  return make_regressor_for(info, lists,
                            {kAggregates[aggregate], kTransforms[transform], info.input(0).info().dtype()});
}

}  // namespace tenon::cpu_ref
