// The core that the attention operators of com.microsoft share: Y = softmax(scale Q K' + mask + bias) V for each head,
// where keys and values are those of a past with new rows behind them. Scores and sums are in double.
#pragma once

#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"
#include "attention/attention.h"
#include "shape_math.h"

namespace tenon::cpu_ref {

struct MultiHeadAttributes {
  int64_t heads = 0;
  double scale = 0;   // 0: 1 / sqrt(size)
  double filter = 0;  // what is added to the score of a key that a mask hides
  bool causal = false;
};

sdk::Result<MultiHeadAttributes> read_multi_head_attributes(const sdk::KernelInfo& info);

struct MultiHeadShape {
  int64_t batch = 0, heads = 0, queries = 0, keys = 0, past = 0, size = 0, value_size = 0;
  int64_t rows = 0;  // of the caches: past + keys, or more where they have room

  int64_t total() const { return past + keys; }
  /// TN_INVALID_ARGUMENT where a size of what is made of these overflows.
  sdk::Status check() const;
};

/// Which keys a query does not see. Values are those of the input.
struct MultiHeadMask {
  // Nothing, the keys from ends[b] on, those and the keys before starts[b], keys[b, key] of 0, rows[b, query, key] of
  // 0.
  enum class Kind { kNone, kEnds, kRanges, kKeys, kRows };
  Kind kind = Kind::kNone;
  const int32_t* values = nullptr;
  double filter = 0;
  bool causal = false;  // keys after a query's place are not seen, whatever the filter is

  void add_to(double* scores, const MultiHeadShape& s, int64_t b, int64_t query) const;
};

/// The mask that `name`, input number `input` if it is given, stands for, together with the causal order.
sdk::Result<MultiHeadMask> resolve_mask(sdk::RunContext& run, uint32_t input, const char* name,
                                        const MultiHeadAttributes& attributes, const MultiHeadShape& s);

/// What is added to the scores: batch or 1 x heads or 1 x queries x keys of past and new ones.
struct ScoreBias {
  bool given = false;
  int64_t batch_step = 0, head_step = 0;
};
sdk::Result<ScoreBias> resolve_score_bias(sdk::RunContext& run, uint32_t input, const MultiHeadShape& s);

/// Row r of head h of batch b begins at data + b * batch_step + h * head_step + r * row_step; if there is a bias, that
/// of head h, which begins at bias + h * width, is added to it.
template <typename T>
struct HeadRows {
  const T* data;
  int64_t batch_step, head_step, row_step;
  const T* bias = nullptr;

  /// Of batch x heads x rows x width, and of batch x rows x heads * width.
  static HeadRows by_head(const T* data, int64_t heads, int64_t rows, int64_t width) {
    return {data, heads * rows * width, rows * width, width};
  }
  static HeadRows by_row(const T* data, int64_t heads, int64_t rows, int64_t width) {
    return {data, rows * heads * width, width, heads * width};
  }

  /// Writes `count` rows of every head behind the first `skipped` of `rows` that each has in `to`.
  void copy_to(T* to, const MultiHeadShape& s, int64_t width, int64_t count, int64_t skipped, int64_t rows) const {
    if (count == 0 || width == 0) return;
    for (int64_t i = 0; i < s.batch * s.heads; ++i) {
      const int64_t b = i / s.heads, head = i % s.heads;
      for (int64_t r = 0; r < count; ++r) {
        const T* from = data + b * batch_step + head * head_step + r * row_step;
        T* row = to + (i * rows + skipped + r) * width;
        if (bias == nullptr) std::copy_n(from, width, row);
        if (bias != nullptr)
          for (int64_t d = 0; d < width; ++d) row[d] = T(Compute<T>(from[d]) + Compute<T>(bias[head * width + d]));
      }
    }
  }
};

/// q: batch x heads x queries x size; keys and values: batch x heads x rows x their size; y: batch x queries x heads *
/// value size; scores, if not null: batch x heads x queries x total.
template <typename T>
struct MultiHeadData {
  const T *q, *k, *v;
  const T* bias;
  T *y, *scores;
  const int32_t* beams = nullptr;  // batch x rows: which of its `beam_width` neighbours has a past key of the entry
  int64_t beam_width = 1;

  /// Where the past row `key` of batch entry b lies; new ones lie with the entry itself.
  int64_t entry_of(const MultiHeadShape& s, int64_t b, int64_t key) const {
    if (beams == nullptr || key >= s.past) return b;
    return b / beam_width * beam_width + beams[b * s.rows + key];
  }
};

template <typename T>
sdk::Status attend_heads(sdk::RunContext& run, const MultiHeadAttributes& attributes, const MultiHeadShape& s,
                         const MultiHeadMask& mask, const ScoreBias& bias, const MultiHeadData<T>& data) {
  if (s.value_size == 0 && data.scores == nullptr) return {};
  const double scale = attributes.scale != 0 ? attributes.scale : 1 / std::sqrt(static_cast<double>(s.size));
  const int64_t total = s.total();
  run.count_products(s.queries, total, s.size + s.value_size, s.batch * s.heads);
  const auto per_worker = static_cast<size_t>(total + s.value_size);
  TN_ASSIGN_OR_RETURN(double* const scratch, run.scratch<double>(run.max_workers() * per_worker));
  const double cost = double(total) * double(s.size + s.value_size);
  run.parallel_for(s.batch * s.heads * s.queries, cost, [&](uint32_t worker, int64_t begin, int64_t end) {
    double *const scores = scratch + worker * per_worker, *const sum = scores + total;
    for (int64_t i = begin; i < end && !run.cancelled(); ++i) {
      const int64_t query = i % s.queries, head = i / s.queries % s.heads, b = i / s.queries / s.heads;
      const auto row = [&](int64_t key) { return (data.entry_of(s, b, key) * s.heads + head) * s.rows + key; };
      for (int64_t k = 0; k < total; ++k)
        scores[k] = dot(data.q + i * s.size, data.k + row(k) * s.size, s.size) * scale;
      mask.add_to(scores, s, b, query);
      const T* added = data.bias + b * bias.batch_step + head * bias.head_step + query * total;
      if (bias.given)
        for (int64_t k = 0; k < total; ++k) scores[k] += double(added[k]);
      if (data.scores != nullptr)
        for (int64_t k = 0; k < total; ++k) data.scores[i * total + k] = from_double<T>(scores[k]);
      softmax_in_place(scores, total);
      std::fill_n(sum, s.value_size, 0.0);
      for (int64_t k = 0; k < total; ++k) add_scaled(scores[k], data.v + row(k) * s.value_size, s.value_size, sum);
      T* y = data.y + ((b * s.queries + query) * s.heads + head) * s.value_size;
      for (int64_t d = 0; d < s.value_size; ++d) y[d] = from_double<T>(sum[d]);
    }
  });
  return {};
}

}  // namespace tenon::cpu_ref
