// Attention: softmax(scale q k' + mask) v. The scale may lie on the scores, on q or k, or on both; heads are a
// dimension of q, k and v, or are cut from and put back into their last dimension by Reshapes and Transposes, which
// then are part of it. Shapes that are not surely the same are left alone: products broadcast, the operator does not.
#include <algorithm>
#include <cmath>

#include "host/graph/shape_rules/shape_context.h"
#include "host/graph/shape_rules/told_dims.h"
#include "host/optimize/raises/dim_origin.h"
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
  const int64_t axis = softmax.int_attribute("axis").value_or(-1);
  return axis == -1 || axis == rank - 1;
}

// Whether the node cuts the last of three dimensions into heads, or puts them together again, and leaves the others.
bool is_of_heads(const Node& reshape) {
  const Value &in = *reshape.inputs[0], &out = *reshape.outputs[0];
  if (dims_of(&in) == nullptr || dims_of(&out) == nullptr) return false;
  const Dims& flat = in.type.dims->size() == 3 ? *in.type.dims : *out.type.dims;
  const Dims& cut = in.type.dims->size() == 3 ? *out.type.dims : *in.type.dims;
  return flat.size() == 3 && cut.size() == 4 && is_same_dim(in, 0, out, 0) && is_same_dim(in, 1, out, 1) &&
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
  const Pattern allowed = op("Where", {any("allowed"), scores, number("floor")});
  const Pattern denied = op("Where", {any("denied"), number("floor"), scores});
  const Pattern masked = either({op("Add", {scores, any("mask")}), allowed, denied, scores});
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

/// What the operator is to read, and how its heads lie.
struct Attended {
  Value *q, *k, *v;
  int64_t heads;  // in the last dimension of all three; 0: they are a dimension, or part of the batch
  size_t rank() const { return heads > 0 ? 4 : q->type.dims->size(); }  // of the scores
};

constexpr int kMostSlices = 4;  // of one mask

// The Slice that computes the value, if it leaves only what is behind the beginning of each axis.
const Node* slice_from_start(const Value& value) {
  const Node* slice = value.is_constant() ? nullptr : value.producer;
  if (slice == nullptr || slice->op_type != "Slice" || !slice->domain.empty() || slice->inputs.size() < 3)
    return nullptr;
  const ShapeContext c(*slice);
  const auto starts = c.ints(1), steps = c.has_input(4) ? c.ints(4) : std::vector<int64_t>{1};
  if (!starts || !steps) return nullptr;
  const auto count_of = [](const std::vector<int64_t>& in, int64_t number) {
    return static_cast<size_t>(std::count(in.begin(), in.end(), number));
  };
  return count_of(*starts, 0) == starts->size() && count_of(*steps, 1) == steps->size() ? slice : nullptr;
}

// Whether a Slice cuts dimension i of the mask to dimension j of q, as a causal mask is for as many tokens as there
// are. It leaves fewer of more tokens than the mask is made for: then the nodes fail, and so does the operator.
bool is_cut_to(const Value& mask, size_t i, const Value& q, size_t j) {
  const Value* value = &mask;
  for (int n = 0; n < kMostSlices; ++n) {
    const Node* slice = slice_from_start(*value);
    if (slice == nullptr) return false;
    value = slice->inputs[0];
    const ShapeContext c(*slice);
    bool given = false;
    auto axes = c.axes(3, &given);
    const auto ends = told(c, 2);
    if (!axes || !ends || (given && axes->size() != ends->size()) || dims_of(value) == nullptr) return false;
    if (value->type.dims->size() <= i) return false;
    const auto rank = static_cast<int64_t>(value->type.dims->size());
    for (size_t k = 0; k < ends->size(); ++k) {
      const int64_t axis = !given ? static_cast<int64_t>(k) : (*axes)[k] < 0 ? (*axes)[k] + rank : (*axes)[k];
      if (axis != static_cast<int64_t>(i)) continue;
      const ToldDim& end = (*ends)[k];
      const bool is_long = (*value->type.dims)[i].value > 1;  // one row would broadcast
      return is_long && end.of != nullptr && is_same_dim(*end.of, end.axis, q, j);
    }
  }
  return false;
}

// Whether dimension i of the mask is 1, or dimension j of the scores, which is one of q's.
bool fits_score_dim(const Value& mask, size_t i, const Attended& of, size_t j) {
  const int64_t number = (*mask.type.dims)[i].value;
  if (number == 1) return true;
  if (of.heads > 0 && j == 1) return number == of.heads;
  const size_t axis = of.heads == 0 || j == 0 ? j : 1;
  return is_same_dim(mask, i, *of.q, axis) || is_cut_to(mask, i, *of.q, axis);
}

// Of the last dimension it follows: a mask for more keys than there are would make more weights than there are values.
bool fits_scores(const Value& mask, const Attended& of) {
  if (dims_of(&mask) == nullptr || mask.type.dims->empty() || mask.type.dims->size() > of.rank()) return false;
  const size_t rank = mask.type.dims->size();
  for (size_t i = 0; i + 1 < rank; ++i)
    if (!fits_score_dim(mask, i, of, i + of.rank() - rank)) return false;
  return true;
}

// Scores of three dimensions are those of one head each; the mask is to say so.
std::optional<Proposal::Operand> of_one_head(const Proposal::Operand& mask, const ValueType& type, const Attended& of) {
  if (of.rank() == 4 || type.dims->size() < 3 || type.dims->front().value == 1) return mask;
  auto axis = Tensor::allocate(TN_INT64, {1}, Residence::kComputed, "of a mask of attention");
  if (!axis.is_ok()) return std::nullopt;
  *static_cast<int64_t*>(axis->mutable_data()) = 1;
  return std::make_shared<Proposal>(Proposal{"Unsqueeze", {mask, *axis}, {}, 13});
}

// Whether every query of the mask sees the first key: it is a constant that says so, or the beginning of one.
bool shows_first_key(const Value& mask, bool seen) {
  const Value* value = &mask;
  for (int n = 0; n < kMostSlices && !value->is_constant(); ++n) {
    const Node* slice = slice_from_start(*value);
    if (slice == nullptr) return false;
    value = slice->inputs[0];
  }
  if (!value->is_constant() || value->constant->data() == nullptr || value->constant->dtype() != TN_BOOL) return false;
  const auto elements = value->constant->span<uint8_t>();
  const auto& shape = value->constant->shape();
  const size_t keys = shape.empty() ? 0 : static_cast<size_t>(shape.back());
  if (keys == 0) return false;
  for (size_t i = 0; i < elements.size(); i += keys)
    if ((elements[i] != 0) != seen) return false;
  return true;
}

// Whether the number, in the place of scores that are masked, gives them no weight. A query that sees no key at all
// gets the same weight for each by a finite one; of one that does the others are 0 where scores are in the range of any
// model.
bool is_as_good_as_nothing(double floor, const Value& mask, bool seen) {
  constexpr double kLow = -1e30;
  return floor == -INFINITY || (floor <= kLow && shows_first_key(mask, seen));
}

// Adds what masks the scores to the operator's inputs; false when it cannot take it.
bool add_mask(const Match& match, const Attended& of, Proposal* made) {
  const char* found = nullptr;
  for (const char* name : {"mask", "allowed", "denied"})
    if (match.value(name) != nullptr) found = name;
  if (found == nullptr) return true;
  Value* mask = match.value(found);
  const bool seen = match.value("denied") == nullptr;
  if (!fits_scores(*mask, of) || !is_as_good_as_nothing(match.number("floor").value_or(-INFINITY), *mask, seen))
    return false;
  Proposal::Operand operand = mask;
  if (mask == match.value("denied")) operand = std::make_shared<Proposal>(Proposal{"Not", {mask}});
  // Later ones fill a mask of one number for all keys up with minus infinity.
  if (!is_same_dim(*mask, mask->type.dims->size() - 1, *of.v, of.v->type.dims->size() - 2)) made->last_opset = 23;
  const auto taken = of_one_head(operand, mask->type, of);
  if (taken) made->inputs.push_back(*taken);
  return taken.has_value();
}

// k as it is before the Transpose that turns it, but for the order of the other dimensions.
Proposal::Operand key_operand(const Match& match) {
  Permutation order = permutation_of(*find_node(match, "Transpose"));
  std::swap(order.end()[-1], order.end()[-2]);
  if (std::is_sorted(order.begin(), order.end())) return match.value("k");
  return std::make_shared<Proposal>(Proposal{"Transpose", {match.value("k")}, {{"perm", std::move(order)}}});
}

std::vector<Proposal> propose_over(const Match& match, const Attended& of, Proposal::Operand k) {
  if (!keeps_precision(match, *of.q)) return {};
  Proposal made{"Attention", {of.q, std::move(k), of.v}};
  if (!add_mask(match, of, &made)) return {};
  double scale = 1;
  for (const char* name : {"scale", "q_scale_flat", "q_scale", "q_scale_after", "k_scale", "k_scale_after"})
    scale *= match.number(name).value_or(1);
  // By default the operator takes a scale of its own, and the root of what it is given.
  if (!(scale > 0) || !std::isfinite(scale)) return {};
  made.attributes.push_back({"scale", static_cast<float>(scale)});
  if (of.q->type.dims->size() == 3)
    for (const char* name : {"q_num_heads", "kv_num_heads"})
      made.attributes.push_back({name, std::max<int64_t>(of.heads, 1)});
  const tn_dtype precision = find_node(match, "Softmax")->outputs[0]->type.dtype;
  if (precision != of.q->type.dtype) made.attributes.push_back({"softmax_precision", static_cast<int64_t>(precision)});
  return {std::move(made)};
}

std::vector<Proposal> propose_of_heads(const Match& match) {
  Value *q = match.value("q"), *k = match.value("k"), *v = match.value("v");
  const int64_t heads = heads_of(*find_node(match, "Reshape"));
  // All of the same number of heads, or the products would broadcast them.
  for (const Node* node : match.nodes)
    if (node->op_type == "Reshape" && heads_of(*node) != heads) return {};
  if (!is_same_dim(*q, 0, *k, 0) || !is_same_dim(*q, 0, *v, 0) || !is_same_dim(*k, 1, *v, 1)) return {};
  return propose_over(match, {q, k, v, heads}, k);
}

std::vector<Proposal> propose_of_any(const Match& match) {
  Value *q = match.value("q"), *turned = scores_of(match).inputs[1], *v = match.value("v");
  if (dims_of(q) == nullptr || dims_of(turned) == nullptr || dims_of(v) == nullptr) return {};
  const size_t rank = q->type.dims->size();
  if ((rank != 3 && rank != 4) || turned->type.dims->size() != rank || v->type.dims->size() != rank) return {};
  // Batch, heads and keys: the products hold the others against each other.
  for (size_t i = 0; i + 2 < rank; ++i)
    if (!is_same_dim(*q, i, *turned, i) || !is_same_dim(*q, i, *v, i)) return {};
  if (!is_same_dim(*turned, rank - 1, *v, rank - 2)) return {};
  if (permutation_of(*find_node(match, "Transpose")).size() != rank) return {};
  return propose_over(match, {q, match.value("k"), v, 0}, key_operand(match));
}

std::vector<Proposal> propose_attention(const Match& match) {
  return find_node(match, "Reshape") != nullptr ? propose_of_heads(match) : propose_of_any(match);
}

}  // namespace

Raise raise_attention() {
  return {"as together they are an Attention", {attention_of_heads(), attention_of_any()}, propose_attention};
}

}  // namespace tenon::host
