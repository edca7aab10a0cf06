// Attention: softmax(scale q k' + mask) v. The scale may lie on the scores, on q or k, or on both; heads are a
// dimension of q, k and v, or are cut from and put back into their last dimension by Reshapes and Transposes, which
// then are part of it. Shapes that are not surely the same are left alone: products broadcast, the operator does not.
#include <algorithm>
#include <cmath>

#include "host/graph/shape_rules/shape_context.h"
#include "host/optimize/raises/raises.h"

namespace tenon::host {
namespace {

using Permutation = std::vector<int64_t>;

const Dims* dims_of(const Value* value) {
  return value->type.dims && value->type.is_proven ? &*value->type.dims : nullptr;
}

Permutation permutation_of(const Node& transpose) {
  return transpose.ints_attribute("perm").value_or(Permutation());
}

bool swaps_heads(const Node& transpose) {
  return permutation_of(transpose) == Permutation{0, 2, 1, 3};
}

// Swaps heads and sequence as well as the last two dimensions.
bool swaps_heads_and_last(const Node& transpose) {
  return permutation_of(transpose) == Permutation{0, 2, 3, 1};
}

bool has_order(const Node& transpose) {
  return permutation_of(transpose).size() >= 3;
}

bool is_over_last_dim(const Node& softmax) {
  const auto& dims = softmax.inputs[0]->type.dims;
  if (!dims) return false;
  const int64_t rank = static_cast<int64_t>(dims->size());
  const int64_t axis = softmax.int_attribute("axis").value_or(softmax.since_version < 13 ? 1 : -1);
  return axis == -1 || axis == rank - 1;
}

// Whether the node cuts the last of three dimensions into heads, or puts them together again, and leaves the others.
bool is_of_heads(const Node& reshape) {
  const Dims *in = dims_of(reshape.inputs[0]), *out = dims_of(reshape.outputs[0]);
  if (in == nullptr || out == nullptr) return false;
  const Dims &flat = in->size() == 3 ? *in : *out, &cut = in->size() == 3 ? *out : *in;
  return flat.size() == 3 && cut.size() == 4 && is_same(flat[0], cut[0]) && is_same(flat[1], cut[1]) &&
         is_known(flat[2]) && is_known(cut[2]) && is_known(cut[3]) &&
         WideInt{cut[2].value} * cut[3].value == flat[2].value;
}

// Of a node for which is_of_heads() holds.
int64_t heads_of(const Node& reshape) {
  const Dims &in = *dims_of(reshape.inputs[0]), &out = *dims_of(reshape.outputs[0]);
  return (in.size() == 3 ? out : in)[2].value;
}

Pattern maybe_scaled(const Pattern& value, std::string_view scale) {
  return either({product({value, number(scale)}), value});
}

// `q`, `k`, `v`: patterns of the operands, k turned already.
Pattern attention_over(const Pattern& q, const Pattern& k, const Pattern& v) {
  const Pattern scores = maybe_scaled(op("MatMul", {q, k}), "scale");
  const Pattern masked = either({op("Add", {scores, any("mask")}), scores});
  const Pattern weights = maybe_cast(op("Softmax", {maybe_cast(masked)}, is_over_last_dim));
  // Newer exporters let rows that are masked in full be 0.
  const Pattern guarded = either({op("Where", {op("IsNaN", {weights}), near(0), weights}), weights});
  return op("MatMul", {guarded, v});
}

Pattern attention_of_heads() {
  const auto heads = [](const Pattern& flat) { return op("Reshape", {flat}, is_of_heads); };
  const Pattern q_heads = heads(maybe_scaled(any("q"), "q_scale_flat"));
  const Pattern q = maybe_scaled(op("Transpose", {maybe_scaled(q_heads, "q_scale")}, swaps_heads), "q_scale_after");
  const Pattern k_heads = maybe_scaled(heads(any("k")), "k_scale");
  const Pattern k = maybe_scaled(op("Transpose", {k_heads}, swaps_heads_and_last), "k_scale_after");
  const Pattern v = op("Transpose", {heads(any("v"))}, swaps_heads);
  return heads(op("Transpose", {attention_over(q, k, v)}, swaps_heads));
}

Pattern attention_of_any() {
  const Pattern q = maybe_scaled(any("q"), "q_scale");
  const Pattern k = maybe_scaled(op("Transpose", {maybe_scaled(any("k"), "k_scale")}, has_order), "k_scale_after");
  return attention_over(q, k, any("v"));
}

const Node* find_node(const Match& match, std::string_view op_type) {
  const auto found =
      std::find_if(match.nodes.begin(), match.nodes.end(), [&](const Node* node) { return node->op_type == op_type; });
  return found == match.nodes.end() ? nullptr : *found;
}

// The product that computes the scores: the other one is the first to be met.
const Node& scores_of(const Match& match) {
  return **std::find_if(match.nodes.rbegin(), match.nodes.rend(),
                        [](const Node* node) { return node->op_type == "MatMul"; });
}

// Each dimension of the mask is that of the scores, or 1 but for the last one, which the operator would fill up.
bool fits_scores(const Dims& mask, const Dims& scores) {
  if (mask.empty() || mask.size() > scores.size()) return false;
  for (size_t i = 0; i < mask.size(); ++i) {
    const Dim &d = mask[mask.size() - 1 - i], &of = scores[scores.size() - 1 - i];
    if (!is_same(d, of) && (i == 0 || d.value != 1)) return false;
  }
  return true;
}

// Scores of three dimensions are those of one head each; the mask is to say so.
std::optional<Proposal::Operand> mask_operand(Value* mask, const Dims& scores) {
  const Dims* dims = dims_of(mask);
  if (dims == nullptr || !fits_scores(*dims, scores)) return std::nullopt;
  if (scores.size() == 4 || dims->size() < 3 || (*dims)[0].value == 1) return mask;
  auto axis = Tensor::allocate(TN_INT64, {1}, Residence::kComputed, "of a mask of attention");
  if (!axis.is_ok()) return std::nullopt;
  *static_cast<int64_t*>(axis->mutable_data()) = 1;
  return std::make_shared<Proposal>(Proposal{"Unsqueeze", {mask, *axis}, {}, 13});
}

// k as it is before the Transpose that turns it, but for the order of the other dimensions.
Proposal::Operand key_operand(const Match& match) {
  Permutation order = permutation_of(*find_node(match, "Transpose"));
  std::swap(order.end()[-1], order.end()[-2]);
  if (std::is_sorted(order.begin(), order.end())) return match.value("k");
  return std::make_shared<Proposal>(Proposal{"Transpose", {match.value("k")}, {{"perm", std::move(order)}}});
}

// Attention over q, k and v with heads in their last dimension, or with this number of heads; 0: in the second.
std::vector<Proposal> propose_over(const Match& match, std::vector<Proposal::Operand> inputs, int64_t heads) {
  const Dims* scores = dims_of(scores_of(match).outputs[0]);
  if (scores == nullptr || !keeps_precision(match, *match.value("q"))) return {};
  Proposal made{"Attention", std::move(inputs)};
  if (Value* mask = match.value("mask")) {
    const auto operand = mask_operand(mask, *scores);
    if (!operand) return {};
    made.inputs.push_back(*operand);
  }
  double scale = 1;
  for (const char* name : {"scale", "q_scale_flat", "q_scale", "q_scale_after", "k_scale", "k_scale_after"})
    scale *= match.number(name).value_or(1);
  // By default the operator takes a scale of its own, and the root of what it is given.
  if (!(scale > 0) || !std::isfinite(scale)) return {};
  made.attributes.push_back({"scale", static_cast<float>(scale)});
  if (heads > 0) made.attributes.push_back({"q_num_heads", heads});
  if (heads > 0) made.attributes.push_back({"kv_num_heads", heads});
  const tn_dtype precision = find_node(match, "Softmax")->outputs[0]->type.dtype;
  if (precision != match.value("q")->type.dtype)
    made.attributes.push_back({"softmax_precision", static_cast<int64_t>(precision)});
  return {std::move(made)};
}

std::vector<Proposal> propose_of_heads(const Match& match) {
  Value *q = match.value("q"), *k = match.value("k"), *v = match.value("v");
  const Dims* scores = dims_of(scores_of(match).outputs[0]);
  if (scores == nullptr || !is_same((*dims_of(q))[0], (*dims_of(k))[0]) || !is_same((*dims_of(q))[0], (*dims_of(v))[0]))
    return {};
  // All of the same number of heads, or the products would broadcast them.
  for (const Node* node : match.nodes)
    if (node->op_type == "Reshape" && heads_of(*node) != (*scores)[1].value) return {};
  return propose_over(match, {q, k, v}, (*scores)[1].value);
}

std::vector<Proposal> propose_of_any(const Match& match) {
  Value *q = match.value("q"), *k = scores_of(match).inputs[1], *v = match.value("v");
  const Dims *q_dims = dims_of(q), *turned = dims_of(k), *v_dims = dims_of(v);
  if (q_dims == nullptr || turned == nullptr || v_dims == nullptr) return {};
  const size_t rank = q_dims->size();
  if ((rank != 3 && rank != 4) || turned->size() != rank || v_dims->size() != rank) return {};
  // Dimensions of heads and batch; the products hold the others against each other.
  for (size_t i = 0; i + 2 < rank; ++i)
    if (!is_same((*q_dims)[i], (*turned)[i]) || !is_same((*q_dims)[i], (*v_dims)[i])) return {};
  const Permutation order = permutation_of(*find_node(match, "Transpose"));
  if (order.size() != rank) return {};
  return propose_over(match, {q, key_operand(match), v}, rank == 3 ? 1 : 0);
}

std::vector<Proposal> propose_attention(const Match& match) {
  return find_node(match, "Reshape") != nullptr ? propose_of_heads(match) : propose_of_any(match);
}

}  // namespace
Raise raise_attention() {
  return {"as together they are an Attention", {attention_of_heads(), attention_of_any()}, propose_attention};
}

}  // namespace tenon::host
