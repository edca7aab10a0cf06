// The attributes, shapes and sequence lengths of GroupQueryAttention, checked: everything but the arithmetic.
//
// query is batch x sequence x heads * head size; key and value likewise for kv heads, or all three lie packed in query,
// head after head. The caches are batch x kv heads x rows x head size. A sequence holds T = seqlens_k + 1 tokens after
// the run, Q = query_seqlens of which (min(sequence, T) without that input) are new: rows [0, T - Q) of the past stay,
// and rows from there on are the new ones. The present has max(total_sequence_length, rows of the past) rows.
#pragma once

#include <string>
#include <vector>

#include "attention/attention.h"
#include "attention/rotary.h"

namespace tenon::cpu_ref {

struct GroupQueryAttributes {
  int64_t heads = 0, kv_heads = 0;
  ScoreForm form;      // scale 0: 1 / sqrt(head size)
  int64_t window = 0;  // keys that a query sees, its own among them; 0: all before it
  bool causal = true, rotates = false, interleaved = false, smooth = false;
  int64_t qk_output = 0;  // 1: scores, 2: weights
};

/// TN_UNSUPPORTED for what is left to other providers: quantized and sliding caches, normalization of heads.
sdk::Result<GroupQueryAttributes> read_group_query_attributes(const sdk::KernelInfo& info);

struct GroupQuerySequence {
  int64_t length;  // T
  int64_t added;   // Q
  int64_t past;    // T - Q
  int64_t stored;  // new rows that go to the cache: Q, or all that fit without query_seqlens
};

/// Keys [begin, end) of the cache.
struct KeyRange {
  int64_t begin, end;
};

struct GroupQueryShape {
  int64_t batch = 0, sequence = 0, heads = 0, kv_heads = 0, head_size = 0;
  int64_t past = 0, total = 0, present = 0;  // rows of the caches
  bool packed = false;
  ScoreForm form;
  std::vector<GroupQuerySequence> sequences;
  std::vector<int64_t> positions;  // batch x sequence; empty: past + s

  /// Where head `head` of token s begins in a query of its own, the output, a packed query, and a key or value.
  int64_t query_offset(int64_t b, int64_t s, int64_t head) const {
    return ((b * sequence + s) * heads + head) * head_size;
  }
  int64_t packed_offset(int64_t b, int64_t s, int64_t head) const {
    return ((b * sequence + s) * (heads + 2 * kv_heads) + head) * head_size;
  }
  int64_t kv_offset(int64_t b, int64_t s, int64_t head) const {
    return ((b * sequence + s) * kv_heads + head) * head_size;
  }
  /// The position that new token s is turned for.
  int64_t position(int64_t b, int64_t s) const {
    return positions.empty() ? sequences[size_t(b)].past + s : positions[size_t(b * sequence + s)];
  }
  /// Padding behind the new tokens sees the keys that its position would.
  KeyRange keys_seen(int64_t b, int64_t s, const GroupQueryAttributes& attributes) const;
};

sdk::Result<GroupQueryShape> resolve_group_query(sdk::RunContext& run, const GroupQueryAttributes& attributes);

}  // namespace tenon::cpu_ref
