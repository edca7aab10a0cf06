#include "attention/multi_head.h"

#include <cfloat>

namespace tenon::cpu_ref {

sdk::Result<MultiHeadAttributes> read_multi_head_attributes(const sdk::KernelInfo& info) {
  MultiHeadAttributes a;
  a.heads = info.attr_int("num_heads");
  if (a.heads < 1 || a.heads > INT32_MAX)
    return sdk::invalid_model("attribute num_heads is ", a.heads, ", expected a positive number");
  a.scale = info.attr_float("scale");
  a.filter = info.attr_float("mask_filter_value");
  a.causal = info.attr_int("unidirectional") == 1;
  return a;
}

sdk::Status MultiHeadShape::check() const {
  TN_ASSIGN_OR_RETURN(const int64_t of_heads, multiply(batch, heads));
  TN_ASSIGN_OR_RETURN(const int64_t cached, multiply(of_heads, std::max(rows, queries)));
  TN_RETURN_IF_ERROR(multiply(cached, std::max(size, value_size)).take_status());
  TN_ASSIGN_OR_RETURN(const int64_t lines, multiply(of_heads, queries));
  return multiply(lines, total()).take_status();
}

void MultiHeadMask::add_to(double* scores, const MultiHeadShape& s, int64_t b, int64_t query) const {
  const int64_t total = s.total();
  // The last query sees all keys, even those of a cross attention that has more of them, as in onnxruntime.
  const int64_t place = causal && query + 1 < s.queries ? s.past + query : total;
  const bool has_ends = kind == Kind::kEnds || kind == Kind::kRanges;
  const int64_t start = kind == Kind::kRanges ? values[s.batch + b] : 0, end = has_ends ? values[b] : total;
  const int32_t* row = kind == Kind::kKeys   ? values + b * total
                       : kind == Kind::kRows ? values + (b * s.queries + query) * total
                                             : nullptr;
  for (int64_t k = 0; k < total; ++k) {
    const bool hidden = row != nullptr ? row[k] <= 0 : k < start || k >= end;
    if (k > place) {
      scores[k] += double(-FLT_MAX);
    } else if (hidden) {
      scores[k] += filter;
    }
  }
}

sdk::Result<MultiHeadMask> resolve_mask(sdk::RunContext& run, uint32_t input, const char* name,
                                        const MultiHeadAttributes& attributes, const MultiHeadShape& s) {
  using Kind = MultiHeadMask::Kind;
  MultiHeadMask mask{Kind::kNone, nullptr, attributes.filter, attributes.causal};
  if (!run.has_input(input)) return mask;
  const sdk::TensorView t = run.input(input);
  const auto is = [&](std::initializer_list<int64_t> shape) { return to_shape(t.shape()) == sdk::Shape(shape); };
  mask.values = t.data<int32_t>();
  // Of the last of these the lengths come first, and they are all that counts here.
  if (is({s.batch}) || is({3 * s.batch + 2})) {
    mask.kind = Kind::kEnds;
  } else if (is({2 * s.batch})) {
    mask.kind = Kind::kRanges;
  } else if (is({s.batch, s.total()})) {
    mask.kind = Kind::kKeys;
  } else if (is({s.batch, s.queries, s.total()})) {
    mask.kind = Kind::kRows;
  } else if (!is({s.batch, 1}) && !is({1, 1})) {  // the same for all keys says nothing
    return sdk::invalid_argument("input ", name, " has shape ", sdk::shape_text(t.shape()), ", expected ", s.batch,
                                 ", twice as many, ", s.batch, "x", s.total(), " or ", s.batch, "x", s.queries, "x",
                                 s.total(), ": batch x queries x keys of the past and new ones");
  }
  return mask;
}

sdk::Result<ScoreBias> resolve_score_bias(sdk::RunContext& run, uint32_t input, const MultiHeadShape& s) {
  if (!run.has_input(input)) return ScoreBias();
  const sdk::TensorView t = run.input(input);
  const bool fits = t.rank() == 4 && (t.dim(0) == 1 || t.dim(0) == s.batch) && (t.dim(1) == 1 || t.dim(1) == s.heads) &&
                    t.dim(2) == s.queries && t.dim(3) == s.total();
  if (!fits)
    return sdk::invalid_argument("input attention_bias has shape ", sdk::shape_text(t.shape()), ", expected ", s.batch,
                                 " or 1 x ", s.heads, " or 1 x ", s.queries, " x ", s.total(),
                                 ": batch x heads x queries x keys of the past and new ones");
  const int64_t plane = s.queries * s.total();
  return ScoreBias{true, t.dim(0) == 1 ? 0 : t.dim(1) * plane, t.dim(1) == 1 ? 0 : plane};
}

}  // namespace tenon::cpu_ref
