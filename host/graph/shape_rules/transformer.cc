// Shape rules of ONNX Runtime's transformer operators.
#include <algorithm>
#include <tenon/sdk/geometry/lanes.hpp>

#include "host/graph/shape_rules/rules.h"
#include "host/graph/shape_rules/sdk_geometry.h"

namespace tenon::host::shape_rules {

// Outputs: the normalized sum, mean and inverse deviation, and the sum itself.
Status skip_layer_normalization(ShapeContext& c) {
  const Dims* x = c.shape(0);
  if (x == nullptr) return {};
  TENON_RETURN_IF_ERROR(from_sdk(c, sdk::check_hidden_rows(sizes_of(*x))));
  TENON_RETURN_IF_ERROR(c.expect_rank(2, 1, "gamma has one number per hidden unit"));
  const Dims* gamma = c.shape(2);
  if (gamma != nullptr && !merge(x->back(), (*gamma)[0]))
    return c.fail("input gamma has ", (*gamma)[0].value, " elements, expected the hidden size ", x->back().value);
  Dims statistics = *x;
  statistics.back() = known_dim(1);
  c.set(0, *x);
  c.set(1, statistics);
  c.set(2, std::move(statistics));
  c.set(3, *x);
  return {};
}

// query: batch x sequence x heads*size, with keys and values packed behind it when they are left out. The present keys
// and values are batch x kv heads x total sequence x size.
Status group_query_attention(ShapeContext& c) {
  const int64_t heads = c.attr("num_heads");
  const int64_t kv_heads = c.attr("kv_num_heads");
  if (heads <= 0 || kv_heads <= 0 || heads % kv_heads != 0)
    return c.fail("num_heads is ", heads, " and kv_num_heads ", kv_heads,
                  ", expected positive numbers, the first a multiple of the second");
  TENON_RETURN_IF_ERROR(c.expect_rank(0, 3, "query is batch x sequence x hidden"));
  const Dims* query = c.shape(0);
  if (query == nullptr) return {};
  const bool packed = !c.has_input(1);
  const WideInt parts = packed ? WideInt{heads} + 2 * WideInt{kv_heads} : WideInt{heads};
  Dims y = *query;
  Dim head_size = unknown_dim();
  if (is_known(query->back())) {
    if (query->back().value % parts != 0)
      return c.fail("the last dimension of query is ", query->back().value, ", which the ", static_cast<int64_t>(parts),
                    packed ? " packed" : "", " heads do not divide");
    head_size = known_dim(static_cast<int64_t>(query->back().value / parts));
    TENON_ASSIGN_OR_RETURN(y[2], c.computed(WideInt{head_size.value} * heads, "the hidden size"));
  } else if (packed) {
    y[2] = unknown_dim();
  }
  c.set(0, std::move(y));
  // A quantized cache packs several numbers into one element.
  if (c.attr("kv_cache_bit_width") != 0) head_size = unknown_dim();
  const Dims* past = c.shape(3);
  if (past != nullptr && past->size() == 4) head_size = merge(head_size, (*past)[3]).value_or(unknown_dim());
  for (size_t i = 1; i < 3; ++i) c.set(i, {(*query)[0], known_dim(kv_heads), unknown_dim(), head_size});
  return {};
}

namespace {

// The last dimension for another number of heads: those of `from`, each as long, in the place of `heads`.
Dim of_heads(const Dim& width, int64_t heads, int64_t from) {
  if (!is_known(width) || heads <= 0 || from <= 0 || width.value % from != 0) return unknown_dim();
  const WideInt made = WideInt{width.value / from} * heads;
  return made > INT64_MAX ? unknown_dim() : known_dim(static_cast<int64_t>(made));
}

}  // namespace

// Q, K and V are batch x heads x rows x size, or batch x rows x heads*size, and so is the result; the present keys and
// values and the scores always have four dimensions.
Status attention(ShapeContext& c) {
  const Dims *q = c.shape(0), *k = c.shape(1), *v = c.shape(2);
  if (q == nullptr || k == nullptr || v == nullptr) return {};
  const size_t rank = q->size();
  if ((rank != 3 && rank != 4) || k->size() != rank || v->size() != rank)
    return c.fail("Q, K and V have ", rank, ", ", k->size(), " and ", v->size(),
                  " dimensions, expected 3 or 4 of each, which are as many for all");
  const bool flat = rank == 3;
  const int64_t heads = c.attr("q_num_heads", 0), kv_heads = c.attr("kv_num_heads", 0);
  const Dim size = flat ? of_heads((*k)[2], 1, kv_heads) : (*k)[3];
  const Dim value_size = flat ? of_heads((*v)[2], 1, kv_heads) : (*v)[3];
  const Dim q_heads = flat ? (heads > 0 ? known_dim(heads) : unknown_dim()) : (*q)[1];
  const Dim k_heads = flat ? (kv_heads > 0 ? known_dim(kv_heads) : unknown_dim()) : (*k)[1];
  const Dim rows = (*k)[rank - 2];
  const Dim total = c.has_input(4) ? unknown_dim() : rows;
  Dims y = *q;
  y.back() = flat ? of_heads((*v)[2], heads, kv_heads) : value_size;
  c.set(0, std::move(y));
  c.set(1, {(*k)[0], k_heads, total, size});
  c.set(2, {(*v)[0], k_heads, total, value_size});
  c.set(3, {(*q)[0], q_heads, (*q)[rank - 2], total});
  return {};
}

// Input is batch x rows x width, weights are width x columns of queries, keys and values.
Status projected_attention(ShapeContext& c) {
  const Dims *x = c.shape(0), *w = c.shape(1);
  if (x == nullptr || w == nullptr || x->size() != 3 || w->size() != 2) return {};
  const auto widths = c.ints_attr("qkv_hidden_sizes");
  if (widths && widths->size() == 3) {
    c.set(0, {(*x)[0], (*x)[1], (*widths)[2] < 0 ? unknown_dim() : known_dim((*widths)[2])});
  } else {
    c.set(0, {(*x)[0], (*x)[1], of_heads((*w)[1], 1, 3)});
  }
  return {};
}

Status multi_head_attention(ShapeContext& c) {
  const Dims* query = c.shape(0);
  const Dims* value = c.shape(2);
  if (query == nullptr || query->size() != 3) return {};
  Dims y = *query;
  if (value != nullptr && value->size() == 3) y[2] = (*value)[2];
  if (value != nullptr && value->size() == 4) y[2] = unknown_dim();
  c.set(0, std::move(y));
  return {};
}

Status embed_layer_normalization(ShapeContext& c) {
  TENON_RETURN_IF_ERROR(c.expect_rank(0, 2, "input_ids is batch x sequence"));
  TENON_RETURN_IF_ERROR(c.expect_rank(2, 2, "word_embedding is vocabulary x hidden"));
  const Dims* ids = c.shape(0);
  const Dims* words = c.shape(2);
  if (ids == nullptr || words == nullptr) return {};
  const Dims y{(*ids)[0], (*ids)[1], (*words)[1]};
  c.set(0, y);
  c.set(1, {(*ids)[0]});
  c.set(2, y);
  return {};
}

namespace {

// Query is batch x tokens x heads*size, key and value likewise for key heads; the state is batch x key heads x sizes.
// There are as many results as of the more heads.
Status attention_over_states(ShapeContext& c, int64_t heads, int64_t kv_heads) {
  for (size_t i = 0; i < 3; ++i) TENON_RETURN_IF_ERROR(c.expect_rank(i, 3, "it is batch x tokens x heads*size"));
  const Dims *query = c.shape(0), *key = c.shape(1), *value = c.shape(2);
  if (query == nullptr) return {};
  const int64_t results = std::max(heads, kv_heads);
  c.set(0, {(*query)[0], (*query)[1], value == nullptr ? unknown_dim() : of_heads(value->back(), results, kv_heads)});
  const auto size = [&](const Dims* t) { return t == nullptr ? unknown_dim() : of_heads(t->back(), 1, kv_heads); };
  c.set(1, {(*query)[0], known_dim(kv_heads), size(key), size(value)});
  return {};
}

}  // namespace

Status linear_attention(ShapeContext& c) {
  const int64_t heads = c.attr("q_num_heads"), kv_heads = c.attr("kv_num_heads");
  if (heads < 1 || kv_heads < 1 || heads % kv_heads != 0)
    return c.fail("q_num_heads is ", heads, " and kv_num_heads ", kv_heads,
                  ", expected positive numbers, the first a multiple of the second");
  return attention_over_states(c, heads, kv_heads);
}

// States of several tokens are left to the kernels.
Status microsoft_linear_attention(ShapeContext& c) {
  const int64_t heads = c.attr("q_num_heads"), kv_heads = c.attr("kv_num_heads");
  if (heads < 1 || kv_heads < 1 || (heads % kv_heads != 0 && kv_heads % heads != 0))
    return c.fail("q_num_heads is ", heads, " and kv_num_heads ", kv_heads,
                  ", expected positive numbers, one a multiple of the other");
  return c.attr("state_window") == 0 ? attention_over_states(c, heads, kv_heads) : Status();
}

}  // namespace tenon::host::shape_rules
