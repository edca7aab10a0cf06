// Shape rules of what ONNX Runtime brought for models whose tokens lie one behind the other: states that go over
// sequences, streams, hashes and routers.
#include <algorithm>

#include "host/graph/shape_rules/rules.h"

namespace tenon::host::shape_rules {
namespace {

Dim dim_of(const Dims* dims, size_t i) {
  return dims == nullptr || i >= dims->size() ? unknown_dim() : (*dims)[i];
}

// As many as `starts` has elements, but for the last, which is behind the end.
Result<Dim> sequences_in(ShapeContext& c, const Dims* starts) {
  const Dim count = dim_of(starts, 0);
  if (!is_known(count)) return unknown_dim();
  if (count.value < 1) return c.fail("the starts of sequences are none, expected one more than there are sequences");
  return known_dim(count.value - 1);
}

// The elements before the present one that taps reach.
Result<Dim> reach(ShapeContext& c, const Dims* weight) {
  const Dim taps = dim_of(weight, 2);
  if (!is_known(taps)) return unknown_dim();
  return c.computed((WideInt{taps.value} - 1) * c.attr("dilation"), "the length of the state");
}

}  // namespace

// The streams are ... x branches x hidden, or with num_branches ... x branches*hidden; the result is ... x hidden.
Status streams_joined(ShapeContext& c) {
  const Dims* x = c.shape(0);
  if (x == nullptr) return {};
  const int64_t branches = c.attr("num_branches");
  if (x->size() < (branches == 0 ? 2 : 1))
    return c.fail("the streams have ", x->size(), " dimensions, expected ",
                  branches == 0 ? "... x branches x hidden" : "... x branches*hidden");
  Dims y = *x;
  if (branches == 0) {
    y.erase(y.end() - 2);
  } else if (is_known(y.back())) {
    if (branches < 0 || y.back().value % branches != 0)
      return c.fail("num_branches is ", branches, ", expected a divisor of the last dimension ", y.back().value);
    y.back() = known_dim(y.back().value / branches);
  } else {
    y.back() = unknown_dim();
  }
  c.set(0, std::move(y));
  return {};
}

// Value is ... x heads x size; without it query holds all, and the state, batch x heads x size x key size, tells.
Status gated_delta_net(ShapeContext& c) {
  constexpr size_t kQuery = 0, kValue = 2, kStarts = 3, kState = 6;
  const Dims *query = c.shape(kQuery), *value = c.shape(kValue), *state = c.shape(kState);
  const bool is_packed = !c.has_input(kValue);
  if (query == nullptr || query->size() < (is_packed ? 2u : 3u)) return {};
  Dims y(query->begin(), query->end() - (is_packed ? 1 : 2));
  const size_t tokens = y.size();
  const Dim heads = is_packed ? dim_of(state, 1) : dim_of(value, tokens);
  const Dim size = is_packed ? dim_of(state, 2) : dim_of(value, tokens + 1);
  Dim batch = tokens == 2 ? y[0] : dim_of(state, 0);
  if (c.has_input(kStarts)) {
    TENON_ASSIGN_OR_RETURN(batch, sequences_in(c, c.shape(kStarts)));
  }
  y.insert(y.end(), {heads, size});
  c.set(0, std::move(y));
  c.set(1, {batch, heads, size, is_packed ? dim_of(state, 3) : query->back()});
  c.set(2, {batch, unknown_dim()});
  return {};
}

// Input is N x C x length, or with channels_last N x length x the channels; the state has as much of the length as the
// taps reach. What only other processors have is left to the kernels.
Status microsoft_causal_conv(ShapeContext& c) {
  const Dims* x = c.shape(0);
  if (x == nullptr || x->size() < 3 || c.attr("ndim") != 1 || c.attr("state_window") != 0 ||
      c.attr("state_length") != 0 || c.attr("input_channels") != 0 || c.attr("state_channels_last") != -1)
    return {};
  Dims state = *x;
  TENON_ASSIGN_OR_RETURN(state[c.attr("channels_last") == 1 ? 1 : 2], reach(c, c.shape(1)));
  c.set(0, *x);
  c.set(1, std::move(state));
  return {};
}

Status varlen_causal_conv(ShapeContext& c) {
  const Dims* x = c.shape(0);
  if (x == nullptr) return {};
  TENON_RETURN_IF_ERROR(c.expect_rank(0, 2, "the input is tokens x channels"));
  c.set(0, *x);
  TENON_ASSIGN_OR_RETURN(const Dim batch, sequences_in(c, c.shape(2)));
  TENON_ASSIGN_OR_RETURN(const Dim held, reach(c, c.shape(1)));
  c.set(1, {batch, (*x)[1], held});
  TENON_ASSIGN_OR_RETURN(const Dim updates,
                         c.computed(c.attr("state_update_capacity"), "attribute state_update_capacity"));
  c.set(2, {batch, updates, (*x)[1]});
  return {};
}

namespace {

// Of an n-gram of each size the hashes of all heads, and the tokens that come before one.
Result<std::pair<Dim, Dim>> ngram_widths(ShapeContext& c) {
  const int64_t most = c.attr("max_ngram_size"), heads = c.attr("n_head_per_ngram");
  if (most < 2 || heads < 1)
    return c.fail("max_ngram_size and n_head_per_ngram are ", most, " and ", heads, ", expected at least 2 and 1");
  TENON_ASSIGN_OR_RETURN(const Dim width, c.computed((WideInt{most} - 1) * heads, "the number of hashes"));
  return std::pair(width, known_dim(most - 1));
}

}  // namespace

Status ngram_hash(ShapeContext& c) {
  const Dims* ids = c.shape(0);
  if (ids == nullptr) return {};
  TENON_RETURN_IF_ERROR(c.expect_rank(0, 2, "input_ids is batch x sequence"));
  TENON_ASSIGN_OR_RETURN(const auto widths, ngram_widths(c));
  c.set(0, {(*ids)[0], (*ids)[1], widths.first});
  c.set(1, {(*ids)[0], widths.second});
  return {};
}

Status varlen_ngram_hash(ShapeContext& c) {
  TENON_RETURN_IF_ERROR(c.expect_rank(0, 1, "input_ids has a number for each token"));
  TENON_ASSIGN_OR_RETURN(const auto widths, ngram_widths(c));
  TENON_ASSIGN_OR_RETURN(const Dim batch, sequences_in(c, c.shape(3)));
  c.set(0, {dim_of(c.shape(0), 0), widths.first});
  c.set(1, {batch, widths.second});
  c.set(2, {batch, widths.second});
  TENON_ASSIGN_OR_RETURN(const Dim updates,
                         c.computed(c.attr("state_update_capacity"), "attribute state_update_capacity"));
  c.set(3, {batch, updates, widths.second});
  return {};
}

// A row for each token, a number for each expert.
Status router(ShapeContext& c) {
  const Dims *x = c.shape(0), *bias = c.shape(1);
  if (x == nullptr || x->empty()) return {};
  const Dim tokens = product(x->data(), x->data() + x->size() - 1).value_or(unknown_dim());
  for (size_t i = 0; i < 3; ++i) c.set(i, {tokens, dim_of(bias, 0)});
  return {};
}

// query is batch x sequence x heads*size, with keys and values packed behind it when they are left out. The caches grow
// in place.
Status sparse_attention(ShapeContext& c) {
  constexpr size_t kKey = 1, kPastKey = 3, kPastValue = 4;
  const int64_t heads = c.attr("num_heads");
  const Dims *query = c.shape(0), *past = c.shape(kPastKey);
  if (query != nullptr && query->size() == 3) {
    Dims y = *query;
    const Dim size = dim_of(past, 3);
    if (!c.has_input(kKey)) y[2] = unknown_dim();
    if (!c.has_input(kKey) && is_known(size)) {
      TENON_ASSIGN_OR_RETURN(y[2], c.computed(WideInt{size.value} * heads, "the hidden size"));
    }
    c.set(0, std::move(y));
  }
  if (past != nullptr) c.set(1, *past);
  if (const Dims* values = c.shape(kPastValue)) c.set(2, *values);
  return {};
}

Status word_embedding(ShapeContext& c) {
  TENON_RETURN_IF_ERROR(c.expect_rank(0, 2, "Sequence is words x characters"));
  TENON_RETURN_IF_ERROR(c.expect_rank(1, 4, "W is filters x 1 x width x size"));
  c.set(0, {dim_of(c.shape(0), 0), dim_of(c.shape(1), 0)});
  return {};
}

// The indices, and K numbers of each.
Status gather_packed(ShapeContext& c) {
  const Dims* indices = c.shape(1);
  if (indices == nullptr) return {};
  Dims y = *indices;
  TENON_ASSIGN_OR_RETURN(const Dim width, c.computed(c.attr("K"), "attribute K"));
  y.push_back(width);
  c.set(0, std::move(y));
  return {};
}

}  // namespace tenon::host::shape_rules
