// MultiHeadAttention of com.microsoft: attention of each head over its own keys, as multi_head.h has it. query is batch
// x queries x heads * size, key and value are batch x keys x heads * their size, or batch x heads x keys x size; or key
// is batch x keys x heads x 2 x size and holds the values, too, or query batch x keys x heads x 3 x size and holds all.
// bias, size + size + value size for each head, is added to them, but not to keys by head. past_key and past_value,
// batch x heads x rows x size, come before the keys: all of their rows, or with past_sequence_length as many, and then
// the present ones have as many rows as they. Output 3 is the scores before the softmax. Scratch: the queries, keys and
// values that are not wanted as present ones, and a row of scores for each thread.
//
// DecoderMaskedMultiHeadAttention is the same for one query, with its inputs in another order; query may be batch x 1 x
// 3 * heads * size and hold all. With cache_indirection, batch / beams x beams x rows, row t of the past of an entry is
// that of another of its beams.
#include "attention/multi_head.h"

namespace tenon::cpu_ref {
namespace {

/// Which input is what.
struct MultiHeadInputs {
  uint32_t bias, mask, score_bias, past_key, past_value, past_length, beams, beam_width;
  const char* mask_name;
};
constexpr uint32_t kNotAnInput = 64;
constexpr MultiHeadInputs kMultiHeadInputs{3, 4, 5, 6, 7, 8, kNotAnInput, kNotAnInput, "key_padding_mask"};
constexpr MultiHeadInputs kDecoderInputs{10, 3, 4, 5, 6, 7, 9, 8, "mask_index"};

class MultiHeadAttention final : public sdk::Kernel {
 public:
  MultiHeadAttention(const MultiHeadAttributes& attributes, bool is_decoder)
      : attributes_(attributes), in_(is_decoder ? kDecoderInputs : kMultiHeadInputs), is_decoder_(is_decoder) {}

  sdk::Status run(sdk::RunContext& run) const override {
    return visit_types<float, sdk::Float16, sdk::BFloat16>(
        run.input(0).dtype(), [&](auto tag) -> sdk::Status { return attend<decltype(tag)>(run); });
  }

 private:
  template <typename T>
  struct Operands {
    HeadRows<T> q, k, v;
  };

  template <typename T>
  sdk::Status attend(sdk::RunContext& run) const {
    MultiHeadShape s;
    TN_ASSIGN_OR_RETURN(const Operands<T> operands, resolve<T>(run, s));
    TN_ASSIGN_OR_RETURN(const MultiHeadMask mask, resolve_mask(run, in_.mask, in_.mask_name, attributes_, s));
    TN_ASSIGN_OR_RETURN(const ScoreBias bias, resolve_score_bias(run, in_.score_bias, s));
    MultiHeadData<T> data{};
    TN_RETURN_IF_ERROR(resolve_beams(run, s, data));
    const int64_t shape[] = {s.batch, s.queries, s.heads * s.value_size};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, sdk::kDTypeOf<T>, shape));
    TN_ASSIGN_OR_RETURN(T* const q, run.scratch<T>(size_t(s.batch * s.heads * s.queries * s.size)));
    operands.q.copy_to(q, s, s.size, s.queries, 0, s.queries);
    TN_ASSIGN_OR_RETURN(data.k, cache(run, s, 1, in_.past_key, operands.k, s.size));
    TN_ASSIGN_OR_RETURN(data.v, cache(run, s, 2, in_.past_value, operands.v, s.value_size));
    data.q = q;
    data.y = y.template data<T>();
    if (bias.given) data.bias = run.input(in_.score_bias).data<T>();
    if (run.output_wanted(3)) {
      const int64_t dims[] = {s.batch, s.heads, s.queries, s.total()};
      TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView scores, run.output(3, sdk::kDTypeOf<T>, dims));
      data.scores = scores.template data<T>();
    }
    return attend_heads(run, attributes_, s, mask, bias, data);
  }

  /// Past rows and new ones, in an output if it is wanted.
  template <typename T>
  sdk::Result<const T*> cache(sdk::RunContext& run, const MultiHeadShape& s, uint32_t output, uint32_t past,
                              const HeadRows<T>& added, int64_t width) const {
    const int64_t dims[] = {s.batch, s.heads, s.rows, width};
    T* to;
    if (run.output_wanted(output)) {
      TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView t, run.output(output, sdk::kDTypeOf<T>, dims));
      to = t.template data<T>();
    } else {
      TN_ASSIGN_OR_RETURN(to, run.scratch<T>(size_t(sdk::element_count(dims))));
    }
    if (run.has_input(past)) {
      const int64_t rows = run.input(past).dim(2);
      HeadRows<T>::by_head(run.input(past).data<T>(), s.heads, rows, width).copy_to(to, s, width, rows, 0, s.rows);
    }
    added.copy_to(to, s, width, s.keys, s.past, s.rows);
    return static_cast<const T*>(to);
  }

  template <typename T>
  sdk::Result<Operands<T>> resolve(sdk::RunContext& run, MultiHeadShape& s) const {
    const sdk::TensorView query = run.input(0);
    const bool packed = !run.has_input(1);
    s.heads = attributes_.heads;
    s.batch = query.rank() > 1 ? query.dim(0) : 0;
    s.queries = query.rank() > 1 ? query.dim(1) : 0;
    const bool by_part = packed && query.rank() == 5;
    const int64_t parts = packed && is_decoder_ ? 3 : 1;
    const bool fits = by_part ? query.dim(2) == s.heads && query.dim(3) == 3
                              : query.rank() == 3 && (!packed || is_decoder_) && query.dim(2) % (parts * s.heads) == 0;
    if (!fits || (packed && run.has_input(2)))
      return sdk::invalid_argument("input query has shape ", sdk::shape_text(query.shape()),
                                   ", expected batch x rows x ", s.heads,
                                   " heads * size, or without key and value all in one for each head");
    if (is_decoder_ && s.queries != 1) return sdk::invalid_argument("input query has ", s.queries, " rows, expected 1");
    s.size = s.value_size = by_part ? query.dim(4) : query.dim(2) / parts / s.heads;
    const T* q = query.data<T>();
    const int64_t width = s.heads * s.size;
    Operands<T> operands{};
    if (packed) {
      s.keys = s.queries;
      const int64_t head_step = by_part ? 3 * s.size : s.size, part = by_part ? s.size : width;
      const HeadRows<T> all{q, s.queries * 3 * width, head_step, 3 * width};
      operands = {all, all, all};
      operands.k.data += part;
      operands.v.data += 2 * part;
    } else {
      operands.q = HeadRows<T>::by_row(q, s.heads, s.queries, s.size);
      TN_RETURN_IF_ERROR(resolve_keys(run, s, operands));
    }
    TN_RETURN_IF_ERROR(resolve_past(run, s));
    TN_RETURN_IF_ERROR(resolve_bias(run, s, operands));
    TN_RETURN_IF_ERROR(s.check());
    return operands;
  }

  template <typename T>
  sdk::Status resolve_keys(sdk::RunContext& run, MultiHeadShape& s, Operands<T>& operands) const {
    const sdk::TensorView key = run.input(1);
    const int64_t rank = key.rank(), batch = rank > 0 ? key.dim(0) : -1;
    const auto refuse = [&](const sdk::TensorView& t, const char* name) {
      return sdk::invalid_argument("input ", name, " has shape ", sdk::shape_text(t.shape()), ", expected ", s.batch,
                                   " x keys x ", s.heads, " heads * size, or ", s.batch, " x ", s.heads,
                                   " x keys x size, the sizes of key and query being ", s.size);
    };
    if (rank == 5) {
      if (batch != s.batch || key.dim(2) != s.heads || key.dim(3) != 2 || key.dim(4) != s.size || run.has_input(2))
        return refuse(key, "key, without a value,");
      s.keys = key.dim(1);
      const int64_t width = 2 * s.size;
      operands.k = {key.data<T>(), s.keys * s.heads * width, width, s.heads * width};
      operands.v = operands.k;
      operands.v.data += s.size;
      return {};
    }
    if (batch != s.batch || !run.has_input(2)) return refuse(key, "key");
    const sdk::TensorView value = run.input(2);
    const bool by_head = rank == 4;
    const bool fits =
        by_head ? key.dim(1) == s.heads && key.dim(3) == s.size : rank == 3 && key.dim(2) == s.heads * s.size;
    if (!fits) return refuse(key, "key");
    s.keys = key.dim(by_head ? 2 : 1);
    if (value.rank() != rank || value.dim(0) != batch || value.dim(by_head ? 2 : 1) != s.keys ||
        (by_head ? value.dim(1) != s.heads : value.dim(2) % s.heads != 0))
      return refuse(value, "value");
    s.value_size = by_head ? value.dim(3) : value.dim(2) / s.heads;
    const auto rows = by_head ? HeadRows<T>::by_head : HeadRows<T>::by_row;
    operands.k = rows(key.data<T>(), s.heads, s.keys, s.size);
    operands.v = rows(value.data<T>(), s.heads, s.keys, s.value_size);
    return {};
  }

  sdk::Status resolve_past(sdk::RunContext& run, MultiHeadShape& s) const {
    s.rows = s.keys;
    if (run.has_input(in_.past_key) != run.has_input(in_.past_value))
      return sdk::invalid_argument("of past_key and past_value one is given, expected both or neither");
    if (!run.has_input(in_.past_key)) return {};
    const sdk::TensorView keys = run.input(in_.past_key), values = run.input(in_.past_value);
    s.past = keys.rank() == 4 ? keys.dim(2) : 0;
    if (to_shape(keys.shape()) != sdk::Shape{s.batch, s.heads, s.past, s.size} ||
        to_shape(values.shape()) != sdk::Shape{s.batch, s.heads, s.past, s.value_size})
      return sdk::invalid_argument("inputs past_key and past_value have shapes ", sdk::shape_text(keys.shape()),
                                   " and ", sdk::shape_text(values.shape()), ", expected ", s.batch, "x", s.heads,
                                   " x rows x ", s.size, " and ", s.value_size);
    TN_ASSIGN_OR_RETURN(s.rows, add(s.past, s.keys));
    if (!run.has_input(in_.past_length)) return {};
    const sdk::TensorView length = run.input(in_.past_length);
    if (length.count() != 1)
      return sdk::invalid_argument("input past_sequence_length has shape ", sdk::shape_text(length.shape()),
                                   ", expected one number");
    s.rows = s.past;
    s.past = *length.data<int32_t>();
    if (s.past < 0 || s.past > s.rows - s.keys)
      return sdk::invalid_argument("past_sequence_length is ", s.past, ", expected 0 to ", s.rows - s.keys, ", as the ",
                                   s.rows, " rows of past_key have to hold ", s.keys, " more");
    return {};
  }

  template <typename T>
  sdk::Status resolve_bias(sdk::RunContext& run, const MultiHeadShape& s, Operands<T>& operands) const {
    if (!run.has_input(in_.bias)) return {};
    const sdk::TensorView bias = run.input(in_.bias);
    const int64_t width = s.heads * s.size, expected = 2 * width + s.heads * s.value_size;
    if (bias.rank() != 1 || bias.dim(0) != expected)
      return sdk::invalid_argument("input bias has shape ", sdk::shape_text(bias.shape()), ", expected ", expected,
                                   ": those of query, key and value");
    operands.q.bias = bias.data<T>();
    if (run.has_input(1) && run.input(1).rank() == 4) return {};
    operands.k.bias = bias.data<T>() + width;
    operands.v.bias = bias.data<T>() + 2 * width;
    return {};
  }

  template <typename T>
  sdk::Status resolve_beams(sdk::RunContext& run, const MultiHeadShape& s, MultiHeadData<T>& data) const {
    if (!run.has_input(in_.beams)) return {};
    const sdk::TensorView beams = run.input(in_.beams);
    if (run.has_input(in_.beam_width) && run.input(in_.beam_width).count() == 1)
      data.beam_width = *run.input(in_.beam_width).template data<int32_t>();
    if (data.beam_width < 1 || s.batch % data.beam_width != 0 ||
        to_shape(beams.shape()) != sdk::Shape{s.batch / data.beam_width, data.beam_width, s.rows})
      return sdk::invalid_argument("beam_width is ", data.beam_width, " and input cache_indirection has shape ",
                                   sdk::shape_text(beams.shape()), ", expected a divisor of the batch, ", s.batch,
                                   ", and batch / beam_width x beam_width x ", s.rows, " rows of past_key");
    data.beams = beams.data<int32_t>();
    for (int64_t b = 0; b < s.batch; ++b)
      for (int64_t key = 0; key < s.past; ++key)
        if (const int32_t beam = data.beams[b * s.rows + key]; beam < 0 || beam >= data.beam_width)
          return sdk::invalid_argument("input cache_indirection holds ", beam, ", expected 0 to ", data.beam_width - 1);
    return {};
  }

  MultiHeadAttributes attributes_;
  MultiHeadInputs in_;
  bool is_decoder_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_multi_head_attention(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const MultiHeadAttributes attributes, read_multi_head_attributes(info));
  if (info.input_count() > 9 && info.input(9))
    return sdk::unsupported("input cache_indirection is given: only caches of one beam have a kernel");
  return std::make_unique<MultiHeadAttention>(attributes, false);
}

sdk::Result<sdk::KernelPtr> make_decoder_masked_multi_head_attention(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const MultiHeadAttributes attributes, read_multi_head_attributes(info));
  return std::make_unique<MultiHeadAttention>(attributes, true);
}

}  // namespace tenon::cpu_ref
