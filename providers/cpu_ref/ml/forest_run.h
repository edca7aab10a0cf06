// Runs rows through a forest. Rows are split over threads by blocks; in a block each tree takes all rows before the
// next is begun, so that a tree is read once for a block. A few rows are split by trees. Either way the weights of a
// row are added in the order of the trees, so that scores do not depend on the number of threads. Scratch: for each
// thread the scores of a block, and its rows where they are converted; or the scores of a row and a leaf of each tree.
#pragma once

#include <algorithm>

#include "ml/forest.h"
#include "ml/scores.h"
#include "shape_math.h"

namespace tenon::cpu_ref {

enum class Aggregate { kAverage, kSum, kMin, kMax };

/// The sums of one row, and which targets anything was added to.
template <typename T>
struct RowScores {
  T* scores;
  uint8_t* has;
};

template <typename T>
class ForestRun {
 public:
  ForestRun(const Forest<T>& forest, Aggregate aggregate) : forest_(forest), aggregate_(aggregate) {}

  /// Calls finish(row, RowScores<T>) for each row, on any thread.
  template <typename Finish>
  sdk::Status run(sdk::RunContext& run, const sdk::TensorView& x, const Finish& finish) const {
    TN_ASSIGN_OR_RETURN(const Rows rows, matrix_rows(x));
    if (rows.count == 0) return {};
    if (rows.columns < forest_.feature_count())
      return sdk::invalid_argument("input X has shape ", sdk::shape_text(x.shape()), ", but a tree asks for feature ",
                                   forest_.feature_count() - 1, ": expected at least ", forest_.feature_count(),
                                   " columns");
    const bool splits_trees = rows.count < kLanes && forest_.tree_count() >= 2 * kLanes;
    return splits_trees ? by_trees(run, x, rows, finish) : by_rows(run, x, rows, finish);
  }

 private:
  static constexpr int64_t kMostRows = 128;  // of a block
  static constexpr double kWalkNs = 15;      // of a row in a tree, most of which is in some cache

  static bool is_of(const sdk::TensorView& x) { return x.dtype() == sdk::kDTypeOf<T>; }

  template <typename Finish>
  sdk::Status by_rows(sdk::RunContext& run, const sdk::TensorView& x, Rows rows, const Finish& finish) const {
    const int64_t workers = run.max_workers(), share = (rows.count + workers - 1) / workers;
    const int64_t block = std::min({kMostRows, (share + kLanes - 1) / kLanes * kLanes, rows.count});
    TN_ASSIGN_OR_RETURN(const int64_t score_count, multiply(workers * block, forest_.target_count()));
    TN_ASSIGN_OR_RETURN(const int64_t input_count, multiply(workers * block, is_of(x) ? 0 : rows.columns));
    TN_ASSIGN_OR_RETURN(T* const scores, run.scratch<T>(static_cast<size_t>(score_count)));
    TN_ASSIGN_OR_RETURN(uint8_t* const has, run.scratch<uint8_t>(static_cast<size_t>(score_count)));
    TN_ASSIGN_OR_RETURN(T* const inputs, run.scratch<T>(static_cast<size_t>(input_count)));
    const int64_t blocks = (rows.count + block - 1) / block, targets = forest_.target_count();
    const double cost = double(block) * double(forest_.tree_count()) * kWalkNs;
    run.parallel_for(blocks, cost, [&](uint32_t worker, int64_t begin, int64_t end) {
      const RowScores<T> mine{scores + worker * block * targets, has + worker * block * targets};
      for (int64_t b = begin; b < end && !run.cancelled(); ++b) {
        const int64_t first = b * block, count = std::min(block, rows.count - first);
        const T* input = x.data<T>() + first * rows.columns;
        if (!is_of(x)) {
          T* const converted = inputs + worker * block * rows.columns;
          convert_elements(x, first * rows.columns, count * rows.columns, converted);
          input = converted;
        }
        sum_block(run, input, count, rows.columns, mine);
        for (int64_t i = 0; i < count; ++i) finish(first + i, row_at(mine, i));
      }
    });
    return {};
  }

  RowScores<T> row_at(const RowScores<T>& all, int64_t row) const {
    return {all.scores + row * forest_.target_count(), all.has + row * forest_.target_count()};
  }

  void sum_block(sdk::RunContext& run, const T* x, int64_t count, int64_t columns, const RowScores<T>& sums) const {
    std::fill_n(sums.scores, count * forest_.target_count(), T(0));
    std::fill_n(sums.has, count * forest_.target_count(), uint8_t(0));
    for (size_t tree = 0; tree < forest_.tree_count() && !run.cancelled(); ++tree)
      for (int64_t row = 0; row < count; row += kLanes) {
        const T* rows[kLanes];
        uint32_t at[kLanes];
        // Lanes without a row of their own follow the last one.
        for (int64_t lane = 0; lane < kLanes; ++lane) {
          rows[lane] = x + std::min(row + lane, count - 1) * columns;
          at[lane] = forest_.root(tree);
        }
        forest_.walk(rows, at);
        for (int64_t lane = 0; lane < std::min(kLanes, count - row); ++lane) add(at[lane], row_at(sums, row + lane));
      }
  }

  template <typename Finish>
  sdk::Status by_trees(sdk::RunContext& run, const sdk::TensorView& x, Rows rows, const Finish& finish) const {
    const auto trees = static_cast<int64_t>(forest_.tree_count()), targets = forest_.target_count();
    TN_ASSIGN_OR_RETURN(T* const scores, run.scratch<T>(static_cast<size_t>(targets)));
    TN_ASSIGN_OR_RETURN(uint8_t* const has, run.scratch<uint8_t>(static_cast<size_t>(targets)));
    TN_ASSIGN_OR_RETURN(T* const converted, run.scratch<T>(static_cast<size_t>(is_of(x) ? 0 : rows.columns)));
    const int64_t groups = (trees + kLanes - 1) / kLanes;
    TN_ASSIGN_OR_RETURN(uint32_t* const leaves, run.scratch<uint32_t>(static_cast<size_t>(groups * kLanes)));
    for (int64_t row = 0; row < rows.count && !run.cancelled(); ++row) {
      const T* input = x.data<T>() + row * rows.columns;
      if (!is_of(x)) {
        convert_elements(x, row * rows.columns, rows.columns, converted);
        input = converted;
      }
      run.parallel_for(groups, double(kLanes) * kWalkNs, [&](int64_t begin, int64_t end) {
        const T* same[kLanes];
        std::fill_n(same, kLanes, input);
        for (int64_t g = begin; g < end; ++g) {
          for (int64_t lane = 0; lane < kLanes; ++lane)
            leaves[g * kLanes + lane] = forest_.root(static_cast<size_t>(std::min(g * kLanes + lane, trees - 1)));
          forest_.walk(same, leaves + g * kLanes);
        }
      });
      std::fill_n(scores, targets, T(0));
      std::fill_n(has, targets, uint8_t(0));
      for (int64_t tree = 0; tree < trees; ++tree) add(leaves[tree], {scores, has});
      finish(row, RowScores<T>{scores, has});
    }
    return {};
  }

  void add(uint32_t leaf, const RowScores<T>& to) const {
    if (forest_.is_plain()) return add_weight(forest_.weight_of(leaf), to.scores, to.has);
    for (const auto& w : forest_.weights_of(leaf)) add_weight(w.value, to.scores + w.target, to.has + w.target);
  }

  void add_weight(T weight, T* score, uint8_t* has) const {
    switch (aggregate_) {
      case Aggregate::kAverage:
      case Aggregate::kSum: *score += weight; break;
      case Aggregate::kMin: *score = *has == 0 || weight < *score ? weight : *score; break;
      case Aggregate::kMax: *score = *has == 0 || weight > *score ? weight : *score; break;
    }
    *has = 1;
  }

  const Forest<T>& forest_;
  const Aggregate aggregate_;
};

}  // namespace tenon::cpu_ref
