// RotaryEmbedding of ONNX and of ONNX Runtime: the heads of X turned by the angles of their positions; see rotary.h. X
// is batch x sequence x hidden size, or batch x heads x sequence x head size. There is a position per batch entry and
// token; ONNX Runtime's may have that of the first token instead, and ONNX's none: its caches then have a row per
// token. Y may be X.
#include <algorithm>

#include "attention/rotary.h"

namespace tenon::cpu_ref {
namespace {

/// Turns all heads of X; `positions`: rows of the tables, one per token in the order of batch and sequence.
template <typename T>
void turn_heads(const sdk::TensorView& x, const sdk::MutableTensorView& y, int64_t head_size,
                const RotaryTables<T>& tables, const sdk::Shape& positions) {
  const bool by_head = x.rank() == 4;
  const int64_t sequence = x.dim(by_head ? 2 : 1), heads = by_head ? x.dim(1) : x.dim(2) / head_size;
  for (int64_t i = 0; i < x.dim(0) * sequence * heads; ++i) {
    // The order of tokens and heads in memory depends on the form of X.
    const int64_t token = by_head ? i / (heads * sequence) * sequence + i % sequence : i / heads;
    tables.rotate(x.data<T>() + i * head_size, head_size, positions[size_t(token)], y.data<T>() + i * head_size);
  }
}

class MicrosoftRotaryEmbedding final : public sdk::Kernel {
 public:
  explicit MicrosoftRotaryEmbedding(const sdk::KernelInfo& info)
      : heads_(info.attr_int("num_heads")),
        rotary_size_(info.attr_int("rotary_embedding_dim")),
        interleaved_(info.attr_int("interleaved") != 0) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), cosines = run.input(2);
    if (x.rank() != 3 && x.rank() != 4)
      return sdk::invalid_argument("input input has shape ", sdk::shape_text(x.shape()),
                                   ", expected batch x sequence x hidden size or batch x heads x sequence x head size");
    TN_ASSIGN_OR_RETURN(const int64_t head_size, find_head_size(x, cosines));
    TN_RETURN_IF_ERROR(check_rotary_caches(cosines, run.input(3), head_size));
    if (rotary_size_ > 0 && cosines.dim(1) * 2 != rotary_size_)
      return sdk::invalid_argument("input cos_cache has ", cosines.dim(1), " columns, expected half of the ",
                                   rotary_size_, " elements that rotary_embedding_dim names");
    const bool by_head = x.rank() == 4;
    const int64_t batch = x.dim(0), sequence = x.dim(by_head ? 2 : 1);
    TN_ASSIGN_OR_RETURN(const sdk::Shape positions, read_positions(run.input(1), batch, sequence, cosines.dim(0)));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    return visit_types<float, sdk::Float16, sdk::BFloat16>(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      const RotaryTables<T> tables{cosines.data<T>(), run.input(3).data<T>(), cosines.dim(0), cosines.dim(1),
                                   interleaved_};
      turn_heads(x, y, head_size, tables, positions);
      return {};
    });
  }

 private:
  sdk::Result<int64_t> find_head_size(const sdk::TensorView& x, const sdk::TensorView& cosines) const {
    if (x.rank() == 4) return x.dim(3);
    const int64_t hidden = x.dim(2);
    if (heads_ < 0 || (heads_ == 0 && rotary_size_ > 0))
      return sdk::invalid_argument("num_heads is ", heads_,
                                   ", expected the number of heads, as rotary_embedding_dim is ", rotary_size_);
    const int64_t size = heads_ > 0 ? hidden / heads_ : cosines.rank() == 2 ? cosines.dim(1) * 2 : 0;
    if (size <= 0 || hidden % size != 0 || (heads_ > 0 && hidden != size * heads_))
      return sdk::invalid_argument("the last dimension of input is ", hidden, ", which heads of ", size,
                                   " elements do not fill: num_heads is ", heads_, " and cos_cache ",
                                   sdk::shape_text(cosines.shape()));
    return size;
  }

  /// One position per token, in the order of batch and sequence.
  static sdk::Result<sdk::Shape> read_positions(const sdk::TensorView& t, int64_t batch, int64_t sequence,
                                                int64_t rows) {
    const bool single = t.rank() <= 1 && t.count() == 1;
    if (!single && (t.rank() != 2 || t.dim(0) != batch || t.dim(1) != sequence))
      return sdk::invalid_argument("input position_ids has shape ", sdk::shape_text(t.shape()), ", expected ", batch,
                                   "x", sequence, ", a position per token, or that of the first token");
    sdk::Shape positions;
    for (int64_t i = 0; i < batch * sequence; ++i) {
      TN_ASSIGN_OR_RETURN(const int64_t position, add(t.data<int64_t>()[single ? 0 : i], single ? i % sequence : 0));
      if (position < 0 || position >= rows)
        return sdk::invalid_argument("token ", i % sequence, " of batch entry ", i / sequence, " is at position ",
                                     position, ", but cos_cache has ", rows, " rows");
      positions.push_back(position);
    }
    return positions;
  }

  int64_t heads_;
  int64_t rotary_size_;
  bool interleaved_;
};

class RotaryEmbedding final : public sdk::Kernel {
 public:
  explicit RotaryEmbedding(const sdk::KernelInfo& info)
      : heads_(info.attr_int("num_heads", 0)),
        rotary_size_(info.attr_int("rotary_embedding_dim")),
        interleaved_(info.attr_int("interleaved") != 0) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), cosines = run.input(1), sines = run.input(2);
    TN_ASSIGN_OR_RETURN(const int64_t head_size, find_head_size(x));
    TN_ASSIGN_OR_RETURN(const sdk::Shape positions, read_positions(run));
    if (to_shape(cosines.shape()) != to_shape(sines.shape()))
      return sdk::invalid_argument("inputs cos_cache and sin_cache have shapes ", sdk::shape_text(cosines.shape()),
                                   " and ", sdk::shape_text(sines.shape()), ", expected the same");
    const int64_t half = cosines.dim(cosines.rank() - 1);
    const int64_t turned = rotary_size_ == 0 ? head_size : rotary_size_;
    if (turned < 0 || turned > head_size || half != turned / 2)
      return sdk::invalid_argument("input cos_cache has ", half, " columns, expected half of the ", turned,
                                   " elements that are turned of a head of ", head_size);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    return visit_types<float, sdk::Float16, sdk::BFloat16>(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      const int64_t rows = half == 0 ? 0 : cosines.count() / half;
      turn_heads(x, y, head_size, RotaryTables<T>{cosines.data<T>(), sines.data<T>(), rows, half, interleaved_},
                 positions);
      return {};
    });
  }

 private:
  sdk::Result<int64_t> find_head_size(const sdk::TensorView& x) const {
    if (x.rank() == 4) return x.dim(3);
    if (x.rank() != 3)
      return sdk::invalid_argument("input X has shape ", sdk::shape_text(x.shape()),
                                   ", expected batch x sequence x hidden size or batch x heads x sequence x head size");
    if (heads_ < 1 || x.dim(2) % heads_ != 0 || x.dim(2) == 0)
      return sdk::invalid_argument("num_heads is ", heads_, ", expected a divisor of the hidden size ", x.dim(2));
    return x.dim(2) / heads_;
  }

  /// Rows of the caches, seen as one table.
  static sdk::Result<sdk::Shape> read_positions(const sdk::RunContext& run) {
    const sdk::TensorView x = run.input(0), cosines = run.input(1);
    const int64_t batch = x.dim(0), sequence = x.dim(x.rank() == 4 ? 2 : 1);
    sdk::Shape positions(static_cast<size_t>(batch * sequence));
    if (!run.has_input(3)) {
      if (cosines.rank() != 3 || cosines.dim(0) != batch || cosines.dim(1) != sequence)
        return sdk::invalid_argument("input cos_cache has shape ", sdk::shape_text(cosines.shape()), ", expected ",
                                     batch, "x", sequence, "x half of what is turned, as there are no position_ids");
      for (size_t i = 0; i < positions.size(); ++i) positions[i] = static_cast<int64_t>(i);
      return positions;
    }
    const sdk::TensorView ids = run.input(3);
    if (cosines.rank() != 2)
      return sdk::invalid_argument("input cos_cache has shape ", sdk::shape_text(cosines.shape()),
                                   ", expected positions x half of what is turned");
    if (ids.rank() != 2 || ids.dim(0) != batch || ids.dim(1) != sequence)
      return sdk::invalid_argument("input position_ids has shape ", sdk::shape_text(ids.shape()), ", expected ", batch,
                                   "x", sequence);
    std::copy_n(ids.data<int64_t>(), positions.size(), positions.begin());
    for (const int64_t position : positions)
      if (position < 0 || position >= cosines.dim(0))
        return sdk::invalid_argument("input position_ids has ", position, ", but cos_cache has ", cosines.dim(0),
                                     " rows");
    return positions;
  }

  const int64_t heads_;
  const int64_t rotary_size_;
  const bool interleaved_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_rotary_embedding(const sdk::KernelInfo& info) {
  return std::make_unique<RotaryEmbedding>(info);
}

sdk::Result<sdk::KernelPtr> make_microsoft_rotary_embedding(const sdk::KernelInfo& info) {
  if (info.attr_int("is_packed_batching") != 0)
    return sdk::unsupported("attribute is_packed_batching is set: ragged batches have no kernel");
  return std::make_unique<MicrosoftRotaryEmbedding>(info);
}

}  // namespace tenon::cpu_ref
