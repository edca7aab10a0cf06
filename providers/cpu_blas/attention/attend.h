// Attention over strided heads, fused: blocks of queries meet blocks of keys, whose scores stay in the cache between
// the two products; no matrix of all scores is ever made. Thread-safe.
#pragma once

#include <array>

#include "common.h"

namespace tenon::cpu_blas {

/// Rows of heads, read where they lie: row r of head h of batch b begins at data + b * batch + h * head + r * row.
template <typename T>
struct HeadRows {
  T* data = nullptr;
  int64_t batch = 0, head = 0, row = 0;
  T* at(int64_t b, int64_t h, int64_t r) const { return data + b * batch + h * head + r * row; }
};

/// y = softmax(softcap(scale q k') + mask) v. The mask of a query: numbers that are added, or minus infinity where it
/// is not allowed; minus infinity for keys past mask_keys, and, if causal, for those past the query's number + past.
struct AttendCall {
  int64_t batch = 0, heads = 0, kv_heads = 0;  // kv_heads divides heads
  int64_t queries = 0, keys = 0, size = 0, value_size = 0;
  HeadRows<const float> q, k, v;
  HeadRows<float> y;
  float scale = 1, softcap = 0;  // softcap 0: none
  const float* mask = nullptr;   // of both at most one
  const bool* allowed = nullptr;
  std::array<int64_t, 3> mask_strides{0, 0, 0};  // of batch, head and query
  int64_t mask_keys = 0, mask_step = 1;          // mask_step 0: one number for all keys
  bool causal = false;
  int64_t past = 0;

  bool has_mask() const { return mask != nullptr || allowed != nullptr; }
  int64_t mask_at(int64_t b, int64_t head, int64_t query) const {
    return b * mask_strides[0] + head * mask_strides[1] + query * mask_strides[2];
  }
  /// What the mask at mask_at() adds to the score of a key.
  float bias_of(int64_t at, int64_t key) const;
  /// Whether the query sees a key, whatever its score.
  bool sees_any(int64_t b, int64_t head, int64_t query) const;
};

/// Computes all of y, spread over the pool, and counts its operations. A query that sees no key, or whose scores are
/// all minus infinity, has weights of 0.
sdk::Status attend(sdk::RunContext& run, const AttendCall& call);

}  // namespace tenon::cpu_blas
