#include "attention/delta_net.h"

#include <algorithm>
#include <cmath>

#include "sequence_starts.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

using Gate = DeltaNetAttributes::Gate;

constexpr int64_t kMostCaptured = 8;

sdk::Shape joined(sdk::Shape shape, std::initializer_list<int64_t> more) {
  shape.insert(shape.end(), more);
  return shape;
}

sdk::Status expect_given(const sdk::KernelInfo& info, uint32_t input, const char* name, bool wanted,
                         const char* attribute) {
  const bool is_given = input < info.input_count() && info.input(input);
  if (is_given == wanted) return {};
  return sdk::invalid_model("input ", name, " is ", is_given ? "given" : "left out", ", expected ",
                            wanted ? "one" : "none", " by attribute ", attribute);
}

/// Heads and sizes, and what of the shape of query stands for tokens.
sdk::Result<sdk::Shape> resolve_heads(const sdk::RunContext& run, DeltaNetShape& s) {
  const sdk::TensorView query = run.input(kDeltaQuery);
  s.is_packed = !run.has_input(kDeltaKey);
  if (s.is_packed == run.has_input(kDeltaValue))
    return sdk::invalid_argument("of key and value one is given, expected both, or neither if they lie in query");
  const int64_t own = s.is_packed ? 1 : 2;
  if (query.rank() != own + 1 && query.rank() != own + 2)
    return sdk::invalid_argument("input query has shape ", sdk::shape_text(query.shape()), ", expected tokens x ",
                                 s.is_packed ? "columns of queries, keys and values" : "heads x size",
                                 ", or batch x sequence for the tokens");
  const sdk::Shape tokens(query.shape().begin(), query.shape().end() - own);
  if (s.is_packed) {
    if (!run.has_input(kDeltaState) || run.input(kDeltaState).rank() != 4)
      return sdk::invalid_argument(
          "key and value lie in query, but initial_state is ",
          run.has_input(kDeltaState) ? sdk::shape_text(run.input(kDeltaState).shape()) : std::string("left out"),
          ", expected batch x value heads x value size x key size");
    const sdk::TensorView state = run.input(kDeltaState);
    s.value_heads = state.dim(1), s.value_size = state.dim(2), s.key_size = state.dim(3);
    TN_ASSIGN_OR_RETURN(const int64_t values, multiply(s.value_heads, s.value_size));
    TN_ASSIGN_OR_RETURN(const int64_t pair, multiply(2, s.key_size));
    const int64_t width = query.dim(query.rank() - 1);
    if (pair < 1 || width <= values || (width - values) % pair != 0)
      return sdk::invalid_argument("input query has ", width, " columns, expected 2 * key heads * ", s.key_size, " + ",
                                   values, " by the state");
    s.key_heads = (width - values) / pair;
    s.query_row = s.key_row = s.value_row = width;
    return tokens;
  }
  const sdk::TensorView value = run.input(kDeltaValue);
  s.key_heads = query.dim(query.rank() - 2), s.key_size = query.dim(query.rank() - 1);
  TN_RETURN_IF_ERROR(check_shape(run.input(kDeltaKey), "key", to_shape(query.shape()), "as query"));
  s.value_heads = value.rank() == query.rank() ? value.dim(value.rank() - 2) : 0;
  s.value_size = value.rank() == query.rank() ? value.dim(value.rank() - 1) : 0;
  TN_RETURN_IF_ERROR(
      check_shape(value, "value", joined(tokens, {s.value_heads, s.value_size}), "tokens x value heads x value size"));
  s.query_row = s.key_row = s.key_heads * s.key_size;
  s.value_row = s.value_heads * s.value_size;
  return tokens;
}

sdk::Status resolve_sequences(const sdk::RunContext& run, const sdk::Shape& tokens, DeltaNetShape& s) {
  if (run.has_input(kDeltaStarts)) {
    if (tokens.size() != 1)
      return sdk::invalid_argument(
          "cu_seqlens is given, but query has batch x sequence tokens, expected one dimension");
    TN_ASSIGN_OR_RETURN(s.starts, read_starts(run.input(kDeltaStarts), "cu_seqlens", s.tokens, true));
    s.batch = static_cast<int64_t>(s.starts.size()) - 1;
    return {};
  }
  const bool has_state = run.has_input(kDeltaState) && run.input(kDeltaState).rank() == 4;
  if (tokens.size() == 1 && !has_state)
    return sdk::invalid_argument(
        "neither cu_seqlens nor a state of four dimensions says how many sequences the tokens are, expected one");
  s.batch = tokens.size() == 2 ? tokens[0] : run.input(kDeltaState).dim(0);
  if (s.batch == 0 ? s.tokens != 0 : s.tokens % s.batch != 0)
    return sdk::invalid_argument("there are ", s.tokens, " tokens, expected a multiple of the ", s.batch, " sequences");
  for (int64_t b = 0; b <= s.batch; ++b) s.starts.push_back(s.batch == 0 ? 0 : s.tokens / s.batch * b);
  return {};
}

sdk::Status resolve_gates(const sdk::RunContext& run, const DeltaNetAttributes& a, const sdk::Shape& tokens,
                          DeltaNetShape& s) {
  const bool is_of_keys = a.has_decay && run.input(kDeltaDecay).rank() == static_cast<int64_t>(tokens.size()) + 2;
  if (a.has_decay) {
    const sdk::TensorView decay = run.input(kDeltaDecay);
    sdk::Shape expected = joined(tokens, {s.value_heads});
    if (is_of_keys) {
      expected.push_back(s.key_size);
      s.decay_each = s.key_size;
    }
    TN_RETURN_IF_ERROR(check_shape(decay, "decay", expected, "a number for each value head, or for each of its keys"));
  }
  if (a.is_delta)
    TN_RETURN_IF_ERROR(check_shape(run.input(kDeltaBeta), "beta", joined(tokens, {s.value_heads}),
                                   "a number for each token and value head"));
  if (a.gate == Gate::kNone) return {};
  TN_RETURN_IF_ERROR(check_shape(run.input(kDeltaLog), "a_log", {s.value_heads}, "a number for each value head"));
  const sdk::TensorView bias = run.input(kDeltaBias);
  const sdk::Shape shape = to_shape(bias.shape());
  if (shape == sdk::Shape{s.value_heads}) return {};
  if (!is_of_keys ||
      (shape != sdk::Shape{s.value_heads, s.key_size} && shape != sdk::Shape{s.value_heads * s.key_size}))
    return sdk::invalid_argument("input dt_bias has shape ", sdk::shape_text(bias.shape()), ", expected ",
                                 s.value_heads, ", or where decay has numbers for each key ", s.value_heads, "x",
                                 s.key_size);
  s.bias_each = s.key_size;
  return {};
}

sdk::Status resolve_captures(const sdk::RunContext& run, const DeltaNetAttributes& a, DeltaNetShape& s) {
  s.captured.assign(static_cast<size_t>(s.batch), 0);
  TN_ASSIGN_OR_RETURN(const int64_t decays, multiply(s.value_heads, s.decay_each));
  TN_ASSIGN_OR_RETURN(const int64_t keys, multiply(s.key_heads, s.key_size));
  TN_ASSIGN_OR_RETURN(const int64_t values, multiply(s.value_heads, s.value_size));
  TN_ASSIGN_OR_RETURN(int64_t width, add(decays, keys));
  TN_ASSIGN_OR_RETURN(width, add(width, values));
  TN_ASSIGN_OR_RETURN(s.update_width, multiply(a.capacity, width));
  if (a.capacity == 0) return {};
  TN_RETURN_IF_ERROR(check_shape(run.input(kDeltaCount), "capture_count", {s.batch}, "a number for each sequence"));
  if (run.has_input(kDeltaActive)) {
    TN_RETURN_IF_ERROR(check_shape(run.input(kDeltaActive), "state_update_active", {1}, "one number"));
    if (run.input(kDeltaActive).data<int32_t>()[0] == 0) return {};
  }
  for (int64_t b = 0; b < s.batch; ++b)
    s.captured[size_t(b)] = std::clamp<int64_t>(run.input(kDeltaCount).data<int32_t>()[b], 0, a.capacity);
  return {};
}

}  // namespace

sdk::Result<DeltaNetAttributes> read_delta_net_attributes(const sdk::KernelInfo& info) {
  DeltaNetAttributes a;
  const std::string rule = info.attr_string("update_rule"), gate = info.attr_string("gate_activation"),
                    beta = info.attr_string("beta_activation");
  if (rule != "linear" && rule != "gated" && rule != "delta" && rule != "gated_delta")
    return sdk::invalid_model("attribute update_rule is '", rule, "', expected linear, gated, delta or gated_delta");
  a.has_decay = rule == "gated" || rule == "gated_delta";
  a.is_delta = rule == "delta" || rule == "gated_delta";
  if (gate != "none" && gate != "softplus" && gate != "qwen" && gate != "sigmoid" && gate != "kda")
    return sdk::invalid_model("attribute gate_activation is '", gate,
                              "', expected none, softplus, qwen, sigmoid or kda");
  a.gate = gate == "none" ? Gate::kNone : gate == "softplus" || gate == "qwen" ? Gate::kSoftplus : Gate::kSigmoid;
  if (beta != "none" && beta != "sigmoid")
    return sdk::invalid_model("attribute beta_activation is '", beta, "', expected none or sigmoid");
  a.squashes_beta = beta == "sigmoid";
  a.normalizes = info.attr_int("qk_l2_norm") != 0;
  a.least_gate = info.attr_float("gate_lower_bound");
  if (!std::isfinite(a.least_gate) || a.least_gate >= 0)
    return sdk::invalid_model("attribute gate_lower_bound is ", a.least_gate, ", expected a number below 0");
  a.scale = info.attr_float("scale");
  a.capacity = info.attr_int("state_update_capacity");
  if (a.capacity < 0 || a.capacity > kMostCaptured)
    return sdk::invalid_model("attribute state_update_capacity is ", a.capacity, ", expected 0 to ", kMostCaptured);
  for (const uint32_t i : {kDeltaDecay, kDeltaBeta}) {
    if (i >= info.input_count() || !info.input(i)) continue;
    const tn_dtype dtype = info.input(i).info().dtype();
    if (dtype != TN_FLOAT && dtype != info.input(kDeltaQuery).info().dtype())
      return sdk::unsupported("inputs decay and beta are ", sdk::dtype_name(dtype), ", expected float, or ",
                              sdk::dtype_name(info.input(kDeltaQuery).info().dtype()), " as query");
  }
  TN_RETURN_IF_ERROR(expect_given(info, kDeltaDecay, "decay", a.has_decay, "update_rule"));
  TN_RETURN_IF_ERROR(expect_given(info, kDeltaBeta, "beta", a.is_delta, "update_rule"));
  TN_RETURN_IF_ERROR(expect_given(info, kDeltaLog, "a_log", a.gate != Gate::kNone, "gate_activation"));
  TN_RETURN_IF_ERROR(expect_given(info, kDeltaBias, "dt_bias", a.gate != Gate::kNone, "gate_activation"));
  TN_RETURN_IF_ERROR(expect_given(info, kDeltaCount, "capture_count", a.capacity > 0, "state_update_capacity"));
  if (a.gate != Gate::kNone && !a.has_decay)
    return sdk::invalid_model("attribute gate_activation is '", gate, "', expected none as update_rule is ", rule);
  return a;
}

sdk::Result<DeltaNetShape> resolve_delta_net(const sdk::RunContext& run, const DeltaNetAttributes& attributes) {
  DeltaNetShape s;
  TN_ASSIGN_OR_RETURN(const sdk::Shape tokens, resolve_heads(run, s));
  if (s.key_heads < 1 || s.value_heads < 1 || s.value_heads % s.key_heads != 0)
    return sdk::invalid_argument("there are ", s.key_heads, " key heads and ", s.value_heads,
                                 " value heads, expected a multiple of the first");
  TN_ASSIGN_OR_RETURN(s.tokens, product(tokens, 0, tokens.size()));
  TN_RETURN_IF_ERROR(resolve_sequences(run, tokens, s));
  if (run.has_input(kDeltaState))
    TN_RETURN_IF_ERROR(check_shape(run.input(kDeltaState), "initial_state",
                                   {s.batch, s.value_heads, s.value_size, s.key_size},
                                   "batch x value heads x value size x key size"));
  TN_RETURN_IF_ERROR(resolve_gates(run, attributes, tokens, s));
  TN_RETURN_IF_ERROR(resolve_captures(run, attributes, s));
  s.output = joined(tokens, {s.value_heads, s.value_size});
  return s;
}

}  // namespace tenon::cpu_ref
