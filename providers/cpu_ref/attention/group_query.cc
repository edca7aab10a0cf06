#include "attention/group_query.h"

namespace tenon::cpu_ref {
namespace {

constexpr uint32_t kQuery = 0, kKey = 1, kValue = 2, kPastKey = 3, kPastValue = 4, kLengths = 5, kTotal = 6;
constexpr uint32_t kCosines = 7, kSines = 8, kPositions = 9, kBias = 10, kSink = 11, kFirstUnsupported = 12;
constexpr uint32_t kAdded = 16;

sdk::Status expect_shape(const sdk::TensorView& t, const char* name, sdk::ShapeView expected, const char* meaning) {
  if (to_shape(t.shape()) == to_shape(expected)) return {};
  return sdk::invalid_argument("input ", name, " has shape ", sdk::shape_text(t.shape()), ", expected ",
                               sdk::shape_text(expected), ": ", meaning);
}

sdk::Status resolve_tokens(sdk::RunContext& run, const GroupQueryAttributes& attributes, GroupQueryShape& shape) {
  const sdk::TensorView query = run.input(kQuery);
  if (query.rank() != 3)
    return sdk::invalid_argument("input query has shape ", sdk::shape_text(query.shape()),
                                 ", expected batch x sequence x hidden size");
  shape.batch = query.dim(0);
  shape.sequence = query.dim(1);
  shape.heads = attributes.heads;
  shape.kv_heads = attributes.kv_heads;
  shape.packed = !run.has_input(kKey);
  if (shape.packed == run.has_input(kValue))
    return sdk::invalid_argument("of key and value one is given, expected both, or neither if they lie in query");
  const int64_t parts = shape.packed ? shape.heads + 2 * shape.kv_heads : shape.heads;
  shape.head_size = query.dim(2) / parts;
  if (query.dim(2) == 0 || query.dim(2) % parts != 0)
    return sdk::invalid_argument("the last dimension of query is ", query.dim(2), ", expected a multiple of ", parts,
                                 shape.packed ? ", the query, key and value heads" : ", the heads");
  if (shape.packed) return {};
  const int64_t expected[] = {shape.batch, shape.sequence, shape.kv_heads * shape.head_size};
  TN_RETURN_IF_ERROR(expect_shape(run.input(kKey), "key", expected, "batch x sequence x kv heads * head size"));
  return expect_shape(run.input(kValue), "value", expected, "batch x sequence x kv heads * head size");
}

sdk::Status resolve_caches(sdk::RunContext& run, GroupQueryShape& shape) {
  if (run.has_input(kPastKey) != run.has_input(kPastValue))
    return sdk::invalid_argument("of past_key and past_value one is given, expected both or neither");
  if (run.has_input(kPastKey)) {
    const sdk::TensorView past = run.input(kPastKey);
    shape.past = past.rank() == 4 ? past.dim(2) : 0;
    const int64_t expected[] = {shape.batch, shape.kv_heads, shape.past, shape.head_size};
    TN_RETURN_IF_ERROR(expect_shape(past, "past_key", expected, "batch x kv heads x rows x head size"));
    TN_RETURN_IF_ERROR(expect_shape(run.input(kPastValue), "past_value", expected, "as past_key"));
  }
  const sdk::TensorView total = run.input(kTotal);
  if (total.count() != 1 || total.rank() > 1)
    return sdk::invalid_argument("input total_sequence_length has shape ", sdk::shape_text(total.shape()),
                                 ", expected one number");
  shape.total = total.data<int32_t>()[0];
  const bool grows = shape.total == shape.past + shape.sequence || run.has_input(kAdded);
  if (shape.total < shape.sequence || (!grows && shape.total > shape.past))
    return sdk::invalid_argument("total_sequence_length is ", shape.total, ", expected ", shape.past + shape.sequence,
                                 ", the ", shape.past, " rows of the past and ", shape.sequence,
                                 " new tokens, or between the latter and the rows of a past that has room for them");
  shape.present = std::max(shape.total, shape.past);
  // Bounds the sizes of all that is made from these shapes.
  TN_ASSIGN_OR_RETURN(const int64_t rows, multiply(shape.batch * shape.kv_heads, shape.present));
  TN_RETURN_IF_ERROR(multiply(rows, shape.head_size).take_status());
  return {};
}

sdk::Status resolve_sequences(sdk::RunContext& run, GroupQueryShape& shape) {
  const sdk::TensorView lengths = run.input(kLengths);
  if (lengths.rank() < 1 || lengths.rank() > 2 || lengths.dim(0) != shape.batch || lengths.count() != shape.batch)
    return sdk::invalid_argument("input seqlens_k has shape ", sdk::shape_text(lengths.shape()), ", expected ",
                                 shape.batch, ", a length per batch entry");
  const bool has_added = run.has_input(kAdded);
  const int64_t batch[] = {shape.batch};
  if (has_added)
    TN_RETURN_IF_ERROR(
        expect_shape(run.input(kAdded), "query_seqlens", batch, "a number of new tokens per batch entry"));
  for (int64_t b = 0; b < shape.batch; ++b) {
    const int64_t last = lengths.data<int32_t>()[b];
    if (last < 0 || last >= shape.total)
      return sdk::invalid_argument(
          "seqlens_k[", b, "] is ", last, ", expected 0 to ", shape.total - 1,
          ": one less than the tokens of the sequence, of which total_sequence_length is the most");
    GroupQuerySequence s{last + 1, std::min(shape.sequence, last + 1), 0, 0};
    if (has_added) {
      const int64_t given = run.input(kAdded).data<int32_t>()[b];
      if (given < 0 || given > s.added)
        return sdk::invalid_argument("query_seqlens[", b, "] is ", given, ", expected 0 to ", s.added, " new tokens");
      s.added = given;
    }
    s.past = s.length - s.added;
    if (s.past > shape.past)
      return sdk::invalid_argument("seqlens_k[", b, "] is ", last, ", which with ", s.added, " new tokens needs ",
                                   s.past, " rows of the past, but past_key has ", shape.past);
    s.stored = has_added ? s.added : std::min(shape.sequence, shape.present - s.past);
    shape.sequences.push_back(s);
  }
  return {};
}

sdk::Status resolve_positions(sdk::RunContext& run, GroupQueryShape& shape) {
  if (!run.has_input(kCosines) || !run.has_input(kSines))
    return sdk::invalid_argument("do_rotary is 1, but cos_cache or sin_cache is left out, expected both");
  const sdk::TensorView cosines = run.input(kCosines);
  TN_RETURN_IF_ERROR(check_rotary_caches(cosines, run.input(kSines), shape.head_size));
  const int64_t* given = nullptr;
  if (run.has_input(kPositions)) {
    const int64_t expected[] = {shape.batch, shape.sequence};
    TN_RETURN_IF_ERROR(expect_shape(run.input(kPositions), "position_ids", expected, "batch x sequence"));
    given = run.input(kPositions).data<int64_t>();
  }
  // Of the positions of a prompt only the first is read.
  const bool prompt = shape.sequence == shape.total && !run.has_input(kAdded);
  for (int64_t b = 0; b < shape.batch; ++b) {
    const GroupQuerySequence& entry = shape.sequences[size_t(b)];
    for (int64_t s = 0; s < shape.sequence; ++s) {
      const bool is_padding = s >= entry.stored;
      int64_t position = entry.past + s;
      if (given != nullptr) {
        if (prompt) {
          TN_ASSIGN_OR_RETURN(position, add(given[0], s));
        } else {
          position = given[b * shape.sequence + s];
        }
      }
      if (is_padding) position = 0;
      if (position < 0 || position >= cosines.dim(0))
        return sdk::invalid_argument("token ", s, " of batch entry ", b, " is at position ", position,
                                     ", but cos_cache has ", cosines.dim(0), " rows");
      shape.positions.push_back(position);
    }
  }
  return {};
}

sdk::Status check_score_inputs(sdk::RunContext& run, const GroupQueryShape& shape) {
  if (run.has_input(kBias)) {
    const sdk::TensorView bias = run.input(kBias);
    const bool fits = bias.rank() == 4 && (bias.dim(0) == 1 || bias.dim(0) == shape.batch) &&
                      (bias.dim(1) == 1 || bias.dim(1) == shape.heads) && bias.dim(2) == shape.sequence &&
                      bias.dim(3) == shape.total;
    if (!fits)
      return sdk::invalid_argument("input attention_bias has shape ", sdk::shape_text(bias.shape()), ", expected ",
                                   shape.batch, " or 1 x ", shape.heads, " or 1 x ", shape.sequence, " x ", shape.total,
                                   ": batch x heads x sequence x total sequence length");
  }
  const int64_t heads[] = {shape.heads};
  if (run.has_input(kSink)) return expect_shape(run.input(kSink), "head_sink", heads, "a score per head");
  return {};
}

}  // namespace

KeyRange GroupQueryShape::keys_seen(int64_t b, int64_t s, const GroupQueryAttributes& attributes) const {
  const GroupQuerySequence& entry = sequences[size_t(b)];
  if (!attributes.causal) return {0, entry.length};
  const int64_t end = entry.past + s + 1;
  const int64_t begin = attributes.window > 0 ? std::max<int64_t>(0, end - attributes.window) : 0;
  return {begin, std::min(end, entry.length)};
}

sdk::Result<GroupQueryAttributes> read_group_query_attributes(const sdk::KernelInfo& info) {
  GroupQueryAttributes a;
  a.heads = info.attr_int("num_heads");
  a.kv_heads = info.attr_int("kv_num_heads");
  if (a.heads <= 0 || a.kv_heads <= 0 || a.heads > INT32_MAX || a.heads % a.kv_heads != 0)
    return sdk::invalid_model("attributes num_heads and kv_num_heads are ", a.heads, " and ", a.kv_heads,
                              ", expected positive numbers, the first a multiple of the second");
  a.form = {double(info.attr_float("scale")), double(info.attr_float("softcap"))};
  a.causal = info.attr_int("causal") != 0;
  a.window = std::max<int64_t>(0, info.attr_int("local_window_size"));
  a.rotates = info.attr_int("do_rotary") != 0;
  a.interleaved = info.attr_int("rotary_interleaved") != 0;
  a.smooth = info.attr_int("smooth_softmax") > 0;  // onnxruntime writes -1 for what is not set
  a.qk_output = info.attr_int("qk_output");
  if (!a.causal && a.window > 0)
    return sdk::invalid_model("attribute local_window_size is ", a.window, ", expected -1 as causal is 0");
  if (a.qk_output < 0 || a.qk_output > 2)
    return sdk::invalid_model("attribute qk_output is ", a.qk_output, ", expected 0 (none), 1 (scores) or 2 (weights)");
  if (info.attr_int("sliding_window_cache") != 0)
    return sdk::unsupported("attribute sliding_window_cache is set: only caches of full length have a kernel");
  if (info.attr_int("kv_cache_bit_width") != 0 || info.attr_string("k_quant_type") != "NONE" ||
      info.attr_string("v_quant_type") != "NONE")
    return sdk::unsupported("the cache is quantized: only caches of query's type have a kernel");
  const auto query_type = info.input(kQuery).info().dtype();
  for (const uint32_t i : {kPastKey, kPastValue})
    if (i < info.input_count() && info.input(i) && info.input(i).info().dtype() != query_type)
      return sdk::unsupported("input ", i, " is ", sdk::dtype_name(info.input(i).info().dtype()), ", expected ",
                              sdk::dtype_name(query_type), " as query: quantized caches have no kernel");
  for (uint32_t i = kFirstUnsupported; i < std::min(info.input_count(), kAdded); ++i)
    if (info.input(i))
      return sdk::unsupported("input ", i,
                              " is given: scales of a quantized cache and weights that normalize heads have no kernel");
  return a;
}

sdk::Result<GroupQueryShape> resolve_group_query(sdk::RunContext& run, const GroupQueryAttributes& attributes) {
  GroupQueryShape shape;
  TN_RETURN_IF_ERROR(resolve_tokens(run, attributes, shape));
  TN_RETURN_IF_ERROR(resolve_caches(run, shape));
  TN_RETURN_IF_ERROR(resolve_sequences(run, shape));
  if (attributes.rotates) TN_RETURN_IF_ERROR(resolve_positions(run, shape));
  TN_RETURN_IF_ERROR(check_score_inputs(run, shape));
  shape.form = attributes.form;
  if (shape.form.scale == 0) shape.form.scale = 1 / std::sqrt(double(shape.head_size));
  return shape;
}

}  // namespace tenon::cpu_ref
