// The shapes of ONNX's Attention, checked, and where its rows lie. Providers read it here, so that they cannot
// disagree. Pure functions; sizes may be hostile.
#pragma once

#include <array>
#include <optional>
#include <tenon/sdk/geometry/lanes.hpp>

namespace tenon::sdk {
inline namespace TENON_SDK_VERSION {

/// Q is batch x heads x queries x size, K batch x kv heads x keys x size, V batch x kv heads x keys x value size; or
/// all three have heads in their last dimension, batch x rows x heads * size, and so has Y. Past keys and values,
/// always of four dimensions, come before the new ones. Each of the kv heads serves heads / kv heads neighbouring ones.
struct AttentionShapes {
  ShapeView q, k, v;
  std::optional<ShapeView> mask, past_key, past_value;
  int64_t heads = 0, kv_heads = 0;  // the attributes; of inputs with three dimensions
  int version = 23;                 // since which opset the operator is as it is
};

struct AttentionGeometry {
  int64_t batch = 0, heads = 0, kv_heads = 0, queries = 0, keys = 0, past = 0, size = 0, value_size = 0;
  int64_t total = 0;                             // keys of the past and new ones
  bool flat = false;                             // heads are in the last dimension
  std::array<int64_t, 3> mask_strides{0, 0, 0};  // of batch, head and query; 0 where the mask has one for all
  int64_t mask_keys = 0;                         // keys that the mask speaks of: those after them are masked
  int64_t mask_step = 1;                         // from one key to the next; 0: one number for all

  /// Where row `row` of a head begins in a tensor of `count` rows and `of_heads` heads, each row `width` long.
  int64_t offset(int64_t b, int64_t head, int64_t row, int64_t of_heads, int64_t count, int64_t width) const {
    return (flat ? (b * count + row) * of_heads + head : (b * of_heads + head) * count + row) * width;
  }
  /// From one row of a head to the next.
  int64_t row_stride(int64_t of_heads, int64_t width) const { return flat ? of_heads * width : width; }
  int64_t mask_offset(int64_t b, int64_t head, int64_t query) const {
    return b * mask_strides[0] + head * mask_strides[1] + query * mask_strides[2];
  }
  int64_t kv_head_of(int64_t head) const { return head / (heads / kv_heads); }
  Shape result() const {
    return flat ? Shape{batch, queries, heads * value_size} : Shape{batch, heads, queries, value_size};
  }
};

namespace attention_detail {

struct Operand {
  int64_t batch, heads, rows, width;
};

inline Status expect(bool holds, ShapeView shape, const char* name, const char* expected) {
  return holds ? Status() : invalid_model("input ", name, " is ", shape_text(shape), ", expected ", expected);
}

inline Result<Operand> operand(ShapeView t, const char* name, int64_t heads) {
  if (t.size() == 4) return Operand{t[0], t[1], t[2], t[3]};
  TN_RETURN_IF_ERROR(expect(t.size() == 3, t, name, "3 or 4 dimensions"));
  if (heads < 1 || t[2] % heads != 0)
    return invalid_model("input ", name, " is ", shape_text(t), ", whose last dimension ", heads,
                         " heads do not divide: correct q_num_heads and kv_num_heads");
  return Operand{t[0], heads, t[1], t[2] / heads};
}

inline Status resolve_past(const AttentionShapes& shapes, AttentionGeometry* g) {
  if (shapes.past_key.has_value() != shapes.past_value.has_value())
    return invalid_model("one of past_key and past_value is given: give both or neither");
  if (!shapes.past_key) return {};
  const ShapeView keys = *shapes.past_key, values = *shapes.past_value;
  const auto is_past = [&](ShapeView t, int64_t width) {
    return t.size() == 4 && t[0] == g->batch && t[1] == g->kv_heads && t[2] == keys[2] && t[3] == width;
  };
  TN_RETURN_IF_ERROR(expect(keys.size() == 4 && is_past(keys, g->size), keys, "past_key",
                            "batch x kv heads x rows x head size, as K has them"));
  TN_RETURN_IF_ERROR(expect(is_past(values, g->value_size), values, "past_value",
                            "batch x kv heads x rows of past_key x head size of V"));
  g->past = keys[2];
  return {};
}

/// The attributes of heads, 0 where they are left out, say nothing else than dimensions; since opset 25 nothing at all.
inline Status check_heads(const AttentionShapes& shapes, const Operand& q, const Operand& k) {
  if (shapes.q.size() != 4 || (shapes.heads == 0 && shapes.kv_heads == 0)) return {};
  const bool agrees =
      (shapes.heads == 0 || shapes.heads == q.heads) && (shapes.kv_heads == 0 || shapes.kv_heads == k.heads);
  if (agrees && shapes.version < 25) return {};
  return invalid_model("q_num_heads is ", shapes.heads, " and kv_num_heads ", shapes.kv_heads, " beside ",
                       shape_text(shapes.q), " and ", shape_text(shapes.k),
                       ": expected neither where heads are a dimension");
}

/// Its dimensions are those of the scores or 1, but since opset 24 the last one may end early. As the operator's
/// function has it, a 1 there is for all keys before, and then for the first one.
inline Status resolve_mask(ShapeView mask, int version, AttentionGeometry* g) {
  const size_t rank = mask.size();
  const int64_t scores[] = {g->batch, g->heads, g->queries};
  bool fits = rank >= 1 && rank <= 4 && mask[rank - 1] <= g->total;
  int64_t stride = fits ? mask[rank - 1] : 0;
  const bool is_one = fits && stride == 1 && version < 24;
  fits = fits && (version >= 24 || is_one || stride == g->total);
  g->mask_keys = is_one ? g->total : stride;
  g->mask_step = is_one ? 0 : 1;
  for (size_t axis = 3; fits && axis-- > 0 && axis + rank >= 4;) {
    const int64_t d = mask[axis + rank - 4];
    fits = d == scores[axis] || d == 1;
    g->mask_strides[axis] = d == 1 ? 0 : stride;
    stride *= d;
  }
  return expect(fits, mask, "attn_mask", "a shape that broadcasts to batch x heads x queries x keys");
}

}  // namespace attention_detail

/// The attribute qk_matmul_output_mode: after which step output 3 takes the scores.
inline Status check_scores_output(int64_t mode) {
  if (mode >= 0 && mode <= 3) return {};
  return invalid_model("qk_matmul_output_mode is ", mode, ", expected 0 to 3");
}

/// nonpad_kv_seqlen speaks of a cache outside: there is no past beside it, and since opset 25 no present. Since then
/// both outputs of present keys and values are wanted or neither.
inline Status check_attention_cache(int version, bool has_past, bool has_lengths, bool wants_keys, bool wants_values) {
  const bool is_strict = version >= 25;
  if (is_strict && wants_keys != wants_values)
    return invalid_model("one of present_key and present_value is wanted, expected both or neither");
  if (has_lengths && (has_past || (is_strict && wants_keys)))
    return invalid_model("nonpad_kv_seqlen is given beside ", has_past ? "past_key" : "present_key",
                         ", expected the cache in one place");
  return {};
}

/// The attribute softmax_precision; 0: none is given.
inline Status check_softmax_precision(int64_t type) {
  for (const int64_t known : {TN_UNDEFINED, TN_FLOAT, TN_FLOAT16, TN_DOUBLE, TN_BFLOAT16})
    if (type == known) return {};
  return invalid_model("softmax_precision is ", type, ", expected the number of a floating-point type: 1, 10, 11 or 16");
}

inline Result<AttentionGeometry> attention_geometry(const AttentionShapes& shapes) {
  using attention_detail::expect;
  using attention_detail::operand;
  TN_ASSIGN_OR_RETURN(const auto q, operand(shapes.q, "Q", shapes.heads));
  TN_ASSIGN_OR_RETURN(const auto k, operand(shapes.k, "K", shapes.kv_heads));
  TN_ASSIGN_OR_RETURN(const auto v, operand(shapes.v, "V", shapes.kv_heads));
  const bool same_rank = shapes.q.size() == shapes.k.size() && shapes.q.size() == shapes.v.size();
  TN_RETURN_IF_ERROR(expect(same_rank && k.batch == q.batch && k.width == q.width, shapes.k, "K",
                            "as many dimensions, the batch and the head size of Q"));
  TN_RETURN_IF_ERROR(expect(k.heads > 0 ? q.heads % k.heads == 0 : q.heads == 0, shapes.k, "K",
                            "a number of heads that divides that of Q"));
  TN_RETURN_IF_ERROR(expect(v.batch == k.batch && v.heads == k.heads && v.rows == k.rows, shapes.v, "V",
                            "the batch, heads and rows of K"));
  TN_RETURN_IF_ERROR(attention_detail::check_heads(shapes, q, k));
  AttentionGeometry g;
  g.batch = q.batch, g.heads = q.heads, g.kv_heads = k.heads;
  g.queries = q.rows, g.keys = k.rows, g.size = q.width, g.value_size = v.width;
  g.flat = shapes.q.size() == 3;
  TN_RETURN_IF_ERROR(attention_detail::resolve_past(shapes, &g));
  if (__builtin_add_overflow(g.past, g.keys, &g.total))
    return invalid_model("past and new keys, ", g.past, " and ", g.keys, ", are more than 64 bits count");
  if (shapes.mask) TN_RETURN_IF_ERROR(attention_detail::resolve_mask(*shapes.mask, shapes.version, &g));
  return g;
}

}  // namespace TENON_SDK_VERSION
}  // namespace tenon::sdk
