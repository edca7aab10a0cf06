// The attributes and shapes of GatedDeltaNet, checked: everything but the arithmetic.
//
// query and key are tokens x key heads x d_k, value is tokens x value heads x d_v; or query alone holds all three side
// by side: tokens x (2 * key heads*d_k + value heads*d_v). cu_seqlens says where each sequence begins; without it all
// are equally long, and `tokens` may be batch x sequence. A state is value heads x d_v x d_k, as float.
#pragma once

#include <tenon/sdk/kernel.hpp>
#include <vector>

#include "parameters.h"

namespace tenon::cpu_ref {

inline constexpr uint32_t kDeltaQuery = 0, kDeltaKey = 1, kDeltaValue = 2, kDeltaStarts = 3, kDeltaDecay = 4,
                          kDeltaBeta = 5, kDeltaState = 6, kDeltaLog = 7, kDeltaBias = 8, kDeltaCount = 9,
                          kDeltaActive = 10;

struct DeltaNetAttributes {
  enum class Gate { kNone, kSoftplus, kSigmoid };
  bool has_decay = true, is_delta = true, squashes_beta = false, normalizes = false;
  Gate gate = Gate::kNone;
  double least_gate = 0, scale = 0;  // scale 0: 1 / sqrt(d_k)
  int64_t capacity = 0;              // tokens of which a sequence can tell what they did
};

/// TN_INVALID_MODEL also where inputs are there that the attributes do not ask for, or the other way around.
sdk::Result<DeltaNetAttributes> read_delta_net_attributes(const sdk::KernelInfo& info);

struct DeltaNetShape {
  int64_t batch = 0, tokens = 0, key_heads = 0, value_heads = 0, key_size = 0, value_size = 0;
  bool is_packed = false;
  int64_t query_row = 0, key_row = 0, value_row = 0;  // elements from a token to the next
  int64_t decay_each = 1, bias_each = 1;              // numbers for a value head: 1 or d_k
  int64_t update_width = 0;
  std::vector<int64_t> starts;    // of each sequence its first token; the number of tokens behind the last
  std::vector<int64_t> captured;  // of each sequence how many first tokens
  sdk::Shape output;

  template <typename T>
  const T* queries(const sdk::RunContext& run) const {
    return run.input(kDeltaQuery).data<T>();
  }
  template <typename T>
  const T* keys(const sdk::RunContext& run) const {
    return is_packed ? queries<T>(run) + key_heads * key_size : run.input(kDeltaKey).data<T>();
  }
  template <typename T>
  const T* values(const sdk::RunContext& run) const {
    return is_packed ? queries<T>(run) + 2 * key_heads * key_size : run.input(kDeltaValue).data<T>();
  }
};

sdk::Result<DeltaNetShape> resolve_delta_net(const sdk::RunContext& run, const DeltaNetAttributes& attributes);

}  // namespace tenon::cpu_ref
