// What attention does between its two products: scores lie with a row for each key and a column for each query, so that
// the softmax of all queries goes along in vectors and needs no sums across lanes. Compiled for several instruction
// sets and chosen at run time. Thread-safe.
#pragma once

#include <cstdint>

namespace tenon::cpu_blas::simd {

/// to[j * to_stride + i] = from[i * from_stride + j] * factor, i < rows, j < columns; zero for i from `rows` to
/// to_stride. `from` and `to` do not overlap.
void transpose_scaled(const float* from, int64_t from_stride, int64_t rows, int64_t columns, float factor, float* to,
                      int64_t to_stride);

/// Scores of some keys (rows) and queries (columns), which are turned into weights: e^(score - top), where `top` is the
/// largest score of a query so far.
struct ScoreBlock {
  float* scores;
  int64_t keys, queries;
  int64_t stride;         // floats between rows: queries up to a whole vector, all of which are computed
  float softcap;          // above 0: scores become softcap * tanh(score / softcap) before all else
  const float* key_bias;  // null, or what is added to each row
  const float* bias;      // null, or what is added to each score, with the stride of the scores
  int64_t last_of_first;  // the last row that the first query sees; the next one sees one row more
  float* top;             // of each query; minus infinity before the first block
  float* sum;             // of the weights of each query, for this `top`; 0 before the first block
  float* factor;          // what sums with weights of blocks before this are to be multiplied by
};
/// The weight of a score of minus infinity is 0; weights of a query are NaN where a score is, or where one is infinity.
void weigh_scores(const ScoreBlock& block);

/// scores[k] = sum of q[i] * keys[k * stride + i], i < size, k < count.
void dot_rows(const float* q, const float* keys, int64_t stride, int64_t count, int64_t size, float* scores);

/// y[i] = sum over k of weights[k] * values[k * stride + i], i < size.
void add_weighted_rows(const float* weights, const float* values, int64_t stride, int64_t count, int64_t size,
                       float* y);

}  // namespace tenon::cpu_blas::simd
