// SparseAttention: causal attention of new tokens over a cache of keys and values, where a head sees of the keys before
// a token those in the blocks that its layout lists for the token's block. Blocks are of sparse_block_size tokens;
// heads take the layouts in turns. block_row_indices (layouts x blocks + 1) says where in block_col_indices (layouts x
// most entries) the blocks of each block begin. A token whose list has no key before it weighs all before it alike.
//
// query is batch x sequence x heads * head size; key and value likewise for kv heads, or all three lie packed in query.
// A sequence holds key_total_sequence_lengths tokens after the run; in a prompt (sequence = total_sequence_length) the
// new tokens begin at row 0 of the cache, else they are its last ones. The caches are batch x kv heads x rows x head
// size; present_key may be past_key. Weights are softmax(scale * q k'), computed in double.
#include <algorithm>

#include "attention/attention.h"
#include "attention/rotary.h"

namespace tenon::cpu_ref {
namespace {

constexpr uint32_t kSparseQuery = 0, kSparseKey = 1, kSparseValue = 2, kSparsePastKey = 3, kSparsePastValue = 4,
                   kSparseRows = 5, kSparseColumns = 6, kSparseTotal = 7, kSparseLengths = 8, kSparseCosines = 9,
                   kSparseSines = 10;

struct SparseAttributes {
  int64_t heads = 1, kv_heads = 1, block = 16;
  double scale = 0;  // 0: 1 / sqrt(head size)
  bool rotates = false, interleaved = false;
};

struct SparseShape {
  int64_t batch = 0, sequence = 0, head_size = 0, rows = 0, layouts = 1, row_entries = 0, column_entries = 0;
  bool packed = false;
  std::vector<int64_t> starts;  // of each sequence the row of its first new token
};

class SparseAttention final : public sdk::Kernel {
 public:
  explicit SparseAttention(SparseAttributes attributes) : attributes_(attributes) {}

  sdk::Status run(sdk::RunContext& run) const override {
    SparseShape shape;
    TN_RETURN_IF_ERROR(resolve_tokens(run, shape));
    TN_RETURN_IF_ERROR(resolve_lengths(run, shape));
    TN_RETURN_IF_ERROR(check_layouts(run, shape));
    return visit_types<float, sdk::Float16, sdk::BFloat16>(run.input(0).dtype(),
                                                           [&](auto tag) { return attend<decltype(tag)>(run, shape); });
  }

 private:
  sdk::Status resolve_tokens(const sdk::RunContext& run, SparseShape& shape) const;
  sdk::Status resolve_lengths(const sdk::RunContext& run, SparseShape& shape) const;
  sdk::Status check_layouts(const sdk::RunContext& run, SparseShape& shape) const;

  template <typename T>
  struct Operand {
    const T* data;
    int64_t token, head;  // elements from one to the next
  };
  /// Query, key or value (0, 1, 2) of the new tokens.
  template <typename T>
  Operand<T> operand(const sdk::RunContext& run, const SparseShape& shape, uint32_t which) const {
    const int64_t H = shape.head_size, before = which == 0   ? 0
                                                : which == 1 ? attributes_.heads
                                                             : attributes_.heads + attributes_.kv_heads;
    if (shape.packed)
      return {run.input(0).data<T>() + before * H, (attributes_.heads + 2 * attributes_.kv_heads) * H, H};
    return {run.input(which).data<T>(), (which == 0 ? attributes_.heads : attributes_.kv_heads) * H, H};
  }

  template <typename T>
  sdk::Status attend(sdk::RunContext& run, const SparseShape& shape) const {
    const int64_t out[] = {shape.batch, shape.sequence, attributes_.heads * shape.head_size};
    const int64_t cache[] = {shape.batch, attributes_.kv_heads, shape.rows, shape.head_size};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, sdk::kDTypeOf<T>, out));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView keys, run.output(1, sdk::kDTypeOf<T>, cache));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView values, run.output(2, sdk::kDTypeOf<T>, cache));
    RotaryTables<T> rotary;
    if (attributes_.rotates)
      rotary = {run.input(kSparseCosines).data<T>(), run.input(kSparseSines).data<T>(),
                run.input(kSparseCosines).dim(0), run.input(kSparseCosines).dim(1), attributes_.interleaved};
    run.parallel_for(shape.batch * attributes_.kv_heads, double(shape.rows * shape.head_size),
                     [&](int64_t begin, int64_t end) {
                       for (int64_t i = begin; i < end && !run.cancelled(); ++i)
                         fill_cache(run, shape, rotary, i, keys.data<T>(), values.data<T>());
                     });
    TN_ASSIGN_OR_RETURN(const int64_t room, add(shape.rows, 2 * shape.head_size));
    TN_ASSIGN_OR_RETURN(double* const scratch, worker_rooms(run, room));
    const double cost = double(shape.sequence) * double(shape.rows) * double(shape.head_size);
    run.parallel_for(shape.batch * attributes_.heads, cost, [&](uint32_t worker, int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        for (int64_t s = 0; s < shape.sequence && !run.cancelled(); ++s)
          attend_row<T>(run, shape, rotary, i, s, keys.data<T>(), values.data<T>(), scratch + worker * room,
                        y.data<T>());
    });
    return {};
  }

  /// The past, and over it the new rows, keys turned; for one batch entry and key head.
  template <typename T>
  void fill_cache(const sdk::RunContext& run, const SparseShape& shape, const RotaryTables<T>& rotary, int64_t i,
                  T* keys, T* values) const {
    const int64_t b = i / attributes_.kv_heads, head = i % attributes_.kv_heads, H = shape.head_size;
    const int64_t first = i * shape.rows * H, start = shape.starts[size_t(b)];
    const T *const past_keys = run.input(kSparsePastKey).data<T>(), *const past_values =
                                                                        run.input(kSparsePastValue).data<T>();
    if (keys != past_keys) std::copy_n(past_keys + first, shape.rows * H, keys + first);
    if (values != past_values) std::copy_n(past_values + first, shape.rows * H, values + first);
    const Operand<T> k = operand<T>(run, shape, 1), v = operand<T>(run, shape, 2);
    for (int64_t s = 0; s < shape.sequence; ++s) {
      const int64_t row = first + (start + s) * H, token = b * shape.sequence + s;
      rotary.rotate(k.data + token * k.token + head * k.head, H, start + s, keys + row);
      std::copy_n(v.data + token * v.token + head * v.head, H, values + row);
    }
  }

  /// New token s of batch entry and head i; `scratch` holds a query, a sum of values and the scores.
  template <typename T>
  void attend_row(const sdk::RunContext& run, const SparseShape& shape, const RotaryTables<T>& rotary, int64_t i,
                  int64_t s, const T* keys, const T* values, double* scratch, T* y) const {
    const int64_t b = i / attributes_.heads, head = i % attributes_.heads, H = shape.head_size;
    const int64_t token = b * shape.sequence + s, position = shape.starts[size_t(b)] + s;
    const int64_t kv = head / (attributes_.heads / attributes_.kv_heads);
    const int64_t first = (b * attributes_.kv_heads + kv) * shape.rows * H;
    double *const query = scratch, *const sum = scratch + H, *const scores = scratch + 2 * H;
    const Operand<T> q = operand<T>(run, shape, 0);
    rotary.rotate(q.data + token * q.token + head * q.head, H, position, query);
    const double scale = attributes_.scale == 0 ? 1 / std::sqrt(double(H)) : attributes_.scale;
    std::fill_n(scores, position + 1, -INFINITY);
    const int64_t layout = head % shape.layouts, block = position / attributes_.block;
    const int32_t* const ends = run.input(kSparseRows).data<int32_t>() + layout * shape.row_entries + block;
    const int32_t* const columns = run.input(kSparseColumns).data<int32_t>() + layout * shape.column_entries;
    bool sees_any = false;
    for (int64_t entry = ends[0]; entry < ends[1]; ++entry) {
      const int64_t begin = columns[entry] * attributes_.block;
      const int64_t end = std::min(begin + attributes_.block, position + 1);
      for (int64_t k = begin; k < end; ++k) scores[k] = scale * dot(query, keys + first + k * H, H);
      sees_any = sees_any || begin < end;
    }
    if (!sees_any) std::fill_n(scores, position + 1, 0.0);
    softmax_in_place(scores, position + 1);
    std::fill_n(sum, H, 0.0);
    for (int64_t k = 0; k <= position; ++k)
      if (scores[k] != 0) add_scaled(scores[k], values + first + k * H, H, sum);
    T* const out = y + (token * attributes_.heads + head) * H;
    std::transform(sum, sum + H, out, [](double v) { return from_double<T>(v); });
  }

  const SparseAttributes attributes_;
};

sdk::Status SparseAttention::resolve_tokens(const sdk::RunContext& run, SparseShape& shape) const {
  const sdk::TensorView query = run.input(kSparseQuery), past = run.input(kSparsePastKey);
  if (query.rank() != 3 || past.rank() != 4)
    return sdk::invalid_argument("inputs query and past_key have shapes ", sdk::shape_text(query.shape()), " and ",
                                 sdk::shape_text(past.shape()),
                                 ", expected batch x sequence x hidden size and batch x kv heads x rows x head size");
  shape.batch = query.dim(0), shape.sequence = query.dim(1), shape.rows = past.dim(2);
  shape.packed = !run.has_input(kSparseKey);
  if (shape.packed == run.has_input(kSparseValue))
    return sdk::invalid_argument("of key and value one is given, expected both, or neither if they lie in query");
  const int64_t parts = attributes_.heads + (shape.packed ? 2 * attributes_.kv_heads : 0);
  if (query.dim(2) == 0 || query.dim(2) % parts != 0)
    return sdk::invalid_argument("the last dimension of query is ", query.dim(2), ", expected a multiple of ", parts,
                                 shape.packed ? ", the query, key and value heads" : ", the heads");
  shape.head_size = query.dim(2) / parts;
  const sdk::Shape operand{shape.batch, shape.sequence, attributes_.kv_heads * shape.head_size};
  TN_RETURN_IF_ERROR(check_shape(run, kSparseKey, "key", operand, "batch x sequence x kv heads * head size"));
  TN_RETURN_IF_ERROR(check_shape(run, kSparseValue, "value", operand, "batch x sequence x kv heads * head size"));
  const sdk::Shape cache{shape.batch, attributes_.kv_heads, shape.rows, shape.head_size};
  TN_RETURN_IF_ERROR(check_shape(past, "past_key", cache, "batch x kv heads x rows x head size"));
  return check_shape(run, kSparsePastValue, "past_value", cache, "as past_key");
}

sdk::Status SparseAttention::resolve_lengths(const sdk::RunContext& run, SparseShape& shape) const {
  if (run.input(kSparseTotal).count() != 1)
    return sdk::invalid_argument("input total_sequence_length has shape ",
                                 sdk::shape_text(run.input(kSparseTotal).shape()), ", expected one number");
  const int64_t total = run.input(kSparseTotal).data<int32_t>()[0];
  if (total < shape.sequence || total > shape.rows)
    return sdk::invalid_argument("total_sequence_length is ", total, ", expected from the ", shape.sequence,
                                 " new tokens to the ", shape.rows, " rows of past_key");
  TN_RETURN_IF_ERROR(check_shape(run, kSparseLengths, "key_total_sequence_lengths", {shape.batch}, "batch"));
  for (int64_t b = 0; b < shape.batch; ++b) {
    const int64_t length = run.input(kSparseLengths).data<int32_t>()[b],
                  least = total == shape.sequence ? 1 : shape.sequence;
    if (length < least || length > total)
      return sdk::invalid_argument("key_total_sequence_lengths[", b, "] is ", length, ", expected ", least, " to ",
                                   total);
    shape.starts.push_back(total == shape.sequence ? 0 : length - shape.sequence);
  }
  if (!attributes_.rotates) return {};
  if (!run.has_input(kSparseCosines) || !run.has_input(kSparseSines))
    return sdk::invalid_argument("do_rotary is 1, but cos_cache or sin_cache is left out, expected both");
  TN_RETURN_IF_ERROR(check_rotary_caches(run.input(kSparseCosines), run.input(kSparseSines), shape.head_size));
  if (run.input(kSparseCosines).dim(0) < total)
    return sdk::invalid_argument("cos_cache has ", run.input(kSparseCosines).dim(0), " rows, expected at least ", total,
                                 ", the total sequence length");
  return {};
}

sdk::Status SparseAttention::check_layouts(const sdk::RunContext& run, SparseShape& shape) const {
  const sdk::TensorView rows = run.input(kSparseRows), columns = run.input(kSparseColumns);
  if (rows.rank() != 2 || columns.rank() != 2 || rows.dim(0) != columns.dim(0) || rows.dim(0) < 1 ||
      attributes_.heads % rows.dim(0) != 0 || rows.dim(1) < 2)
    return sdk::invalid_argument("inputs block_row_indices and block_col_indices have shapes ",
                                 sdk::shape_text(rows.shape()), " and ", sdk::shape_text(columns.shape()),
                                 ", expected layouts x blocks + 1 and layouts x entries, with layouts that divide the ",
                                 attributes_.heads, " heads");
  shape.layouts = rows.dim(0), shape.row_entries = rows.dim(1), shape.column_entries = columns.dim(1);
  const int64_t blocks = shape.row_entries - 1, total = run.input(kSparseTotal).data<int32_t>()[0];
  if ((total + attributes_.block - 1) / attributes_.block > blocks)
    return sdk::invalid_argument("block_row_indices has ", blocks, " blocks of ", attributes_.block,
                                 " tokens, expected enough for the total sequence length ", total);
  for (int64_t l = 0; l < shape.layouts; ++l) {
    const int32_t* const ends = rows.data<int32_t>() + l * shape.row_entries;
    for (int64_t r = 0; r < blocks; ++r)
      if (ends[0] != 0 || ends[r + 1] < ends[r] || ends[r + 1] > shape.column_entries)
        return sdk::invalid_argument("block_row_indices of layout ", l, " goes from ", ends[r], " to ", ends[r + 1],
                                     " at block ", r, ", expected from 0 on numbers that grow to at most ",
                                     shape.column_entries);
    for (int64_t entry = 0; entry < ends[blocks]; ++entry) {
      const int64_t column = columns.data<int32_t>()[l * shape.column_entries + entry];
      if (column < 0 || column >= blocks)
        return sdk::invalid_argument("block_col_indices of layout ", l, " has ", column, " at place ", entry,
                                     ", expected 0 to ", blocks - 1);
    }
  }
  return {};
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_sparse_attention(const sdk::KernelInfo& info) {
  SparseAttributes a{info.attr_int("num_heads"),         info.attr_int("kv_num_heads"),
                     info.attr_int("sparse_block_size"), info.attr_float("scale"),
                     info.attr_int("do_rotary") != 0,    info.attr_int("rotary_interleaved") != 0};
  if (a.heads <= 0 || a.kv_heads <= 0 || a.heads > INT32_MAX || a.heads % a.kv_heads != 0)
    return sdk::invalid_model("attributes num_heads and kv_num_heads are ", a.heads, " and ", a.kv_heads,
                              ", expected positive numbers, the first a multiple of the second");
  if (a.block < 1 || a.block > INT32_MAX)
    return sdk::invalid_model("attribute sparse_block_size is ", a.block, ", expected 16, 32, 64 or 128");
  return std::make_unique<SparseAttention>(a);
}

}  // namespace tenon::cpu_ref
