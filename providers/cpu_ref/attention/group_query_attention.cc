// GroupQueryAttention: causal attention of new tokens over a cache of keys and values, where num_heads / kv_num_heads
// neighbouring query heads share one key head. The shapes, the lengths of each sequence and what the cache becomes are
// those of group_query.h. Weights are softmax(scale * q k', softcapped, + attention_bias) over the keys that a query
// may see, with head_sink, or 0 if smooth_softmax, as one more score that takes no value. All is computed in double.
#include "arithmetic.h"
#include "attention/group_query.h"

namespace tenon::cpu_ref {
namespace {

class GroupQueryAttention final : public sdk::Kernel {
 public:
  explicit GroupQueryAttention(GroupQueryAttributes attributes) : attributes_(std::move(attributes)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    TN_ASSIGN_OR_RETURN(const GroupQueryShape shape, resolve_group_query(run, attributes_));
    return visit_types<float, sdk::Float16, sdk::BFloat16>(
        run.input(0).dtype(), [&](auto tag) -> sdk::Status { return attend<decltype(tag)>(run, shape); });
  }

 private:
  template <typename T>
  struct Cache {
    T* keys;  // batch x kv heads x present x head size
    T* values;
  };

  template <typename T>
  sdk::Status attend(sdk::RunContext& run, const GroupQueryShape& shape) const {
    const int64_t out_shape[] = {shape.batch, shape.sequence, shape.heads * shape.head_size};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, sdk::kDTypeOf<T>, out_shape));
    TN_ASSIGN_OR_RETURN(T* const keys, present<T>(run, 1, shape));
    TN_ASSIGN_OR_RETURN(T* const values, present<T>(run, 2, shape));
    RotaryTables<T> rotary;
    if (attributes_.rotates)
      rotary = {run.input(7).data<T>(), run.input(8).data<T>(), run.input(7).dim(0), run.input(7).dim(1),
                attributes_.interleaved};
    const Cache<T> cache{keys, values};
    run.parallel_for(shape.batch * shape.kv_heads, double(shape.present * shape.head_size),
                     [&](int64_t begin, int64_t end) {
                       for (int64_t i = begin; i < end && !run.cancelled(); ++i)
                         fill_cache(run, shape, rotary, i, cache);
                     });
    TN_ASSIGN_OR_RETURN(T* const qk, scores_output<T>(run, shape));
    const size_t worker_doubles = static_cast<size_t>(shape.present + 2 * shape.head_size);
    TN_ASSIGN_OR_RETURN(double* const scratch, run.scratch<double>(run.max_workers() * worker_doubles));
    const double cost = double(shape.sequence) * double(shape.total) * double(shape.head_size) * 2;
    run.parallel_for(shape.batch * shape.heads, cost, [&](uint32_t worker, int64_t begin, int64_t end) {
      double* mine = scratch + worker * worker_doubles;
      for (int64_t i = begin; i < end; ++i)
        for (int64_t s = 0; s < shape.sequence && !run.cancelled(); ++s)
          attend_row(run, shape, rotary, cache, i, s, mine, y.data<T>(), qk);
    });
    return {};
  }

  /// The output if it is wanted, else scratch memory.
  template <typename T>
  static sdk::Result<T*> present(sdk::RunContext& run, uint32_t output, const GroupQueryShape& shape) {
    const int64_t dims[] = {shape.batch, shape.kv_heads, shape.present, shape.head_size};
    if (!run.output_wanted(output)) return run.scratch<T>(static_cast<size_t>(sdk::element_count(dims)));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView t, run.output(output, sdk::kDTypeOf<T>, dims));
    return t.data<T>();
  }

  /// batch x heads x sequence x total, all 0; null when nothing asks for it.
  template <typename T>
  sdk::Result<T*> scores_output(sdk::RunContext& run, const GroupQueryShape& shape) const {
    if (!run.output_wanted(3)) return static_cast<T*>(nullptr);
    if (attributes_.qk_output == 0)
      return sdk::invalid_argument("output_qk is wanted, but attribute qk_output is 0: set it to 1 or 2");
    const int64_t dims[] = {shape.batch, shape.heads, shape.sequence, shape.total};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView t, run.output(3, sdk::kDTypeOf<T>, dims));
    std::fill_n(t.data<T>(), t.count(), T(0));
    return t.data<T>();
  }

  template <typename T>
  static void store_scores(const GroupQueryShape& shape, const KeyRange& seen, const double* scores, int64_t i,
                           int64_t s, T* qk) {
    T* row = qk + (i * shape.sequence + s) * shape.total;
    for (int64_t k = seen.begin; k < seen.end; ++k) row[k] = from_double<T>(scores[k]);
  }

  /// What attention_bias adds to the score of query s and key k.
  template <typename T>
  static double bias(sdk::RunContext& run, const GroupQueryShape& shape, int64_t b, int64_t head, int64_t s,
                     int64_t k) {
    if (!run.has_input(10)) return 0;
    const sdk::TensorView bias = run.input(10);
    const int64_t plane = (bias.dim(0) == 1 ? 0 : b) * bias.dim(1) + (bias.dim(1) == 1 ? 0 : head);
    return double(bias.data<T>()[(plane * shape.sequence + s) * shape.total + k]);
  }

  /// The rows of the past that count, the new ones, turned if they are keys, then zeros; for one batch entry and key
  /// head. Where past and present are one memory, only the new rows are written: what lies behind them, which nobody is
  /// to read, stays.
  template <typename T>
  static void fill_cache(sdk::RunContext& run, const GroupQueryShape& shape, const RotaryTables<T>& rotary, int64_t i,
                         const Cache<T>& cache) {
    const int64_t b = i / shape.kv_heads, head = i % shape.kv_heads, H = shape.head_size;
    const GroupQuerySequence& sequence = shape.sequences[size_t(b)];
    T* keys = cache.keys + i * shape.present * H;
    T* values = cache.values + i * shape.present * H;
    keep_past(run, 3, shape, i, cache.keys);
    keep_past(run, 4, shape, i, cache.values);
    for (int64_t s = 0; s < sequence.stored; ++s) {
      const int64_t row = (sequence.past + s) * H;
      const T* key = shape.packed ? run.input(0).data<T>() + shape.packed_offset(b, s, shape.heads + head)
                                  : run.input(1).data<T>() + shape.kv_offset(b, s, head);
      const T* value = shape.packed
                           ? run.input(0).data<T>() + shape.packed_offset(b, s, shape.heads + shape.kv_heads + head)
                           : run.input(2).data<T>() + shape.kv_offset(b, s, head);
      rotary.rotate(key, H, shape.position(b, s), keys + row);
      std::copy_n(value, H, values + row);
    }
  }

  /// The old rows of a cache, and zeros behind where the new ones will be.
  template <typename T>
  static void keep_past(sdk::RunContext& run, uint32_t input, const GroupQueryShape& shape, int64_t i, T* present) {
    const GroupQuerySequence& sequence = shape.sequences[size_t(i / shape.kv_heads)];
    const T* past = run.has_input(input) ? run.input(input).data<T>() : nullptr;
    if (past == present) return;
    const int64_t H = shape.head_size, filled = sequence.past + sequence.stored;
    T* rows = present + i * shape.present * H;
    if (sequence.past > 0) std::copy_n(past + i * shape.past * H, sequence.past * H, rows);
    std::fill(rows + filled * H, rows + shape.present * H, T(0));
  }

  /// Row s of batch entry and head i; `scratch` holds a query, a sum of values and the scores.
  template <typename T>
  void attend_row(sdk::RunContext& run, const GroupQueryShape& shape, const RotaryTables<T>& rotary,
                  const Cache<T>& cache, int64_t i, int64_t s, double* scratch, T* y, T* qk) const {
    const int64_t b = i / shape.heads, head = i % shape.heads, H = shape.head_size;
    double *query = scratch, *sum = scratch + H, *scores = scratch + 2 * H;
    std::fill(sum, sum + H, 0.0);
    const KeyRange seen = shape.keys_seen(b, s, attributes_);
    if (seen.end > seen.begin) {
      run.count_products(1, seen.end - seen.begin, 2 * H);
      const T* q =
          run.input(0).data<T>() + (shape.packed ? shape.packed_offset(b, s, head) : shape.query_offset(b, s, head));
      const int64_t kv = (b * shape.kv_heads + head / (shape.heads / shape.kv_heads)) * shape.present * H;
      rotary.rotate(q, H, shape.position(b, s), query);
      for (int64_t k = seen.begin; k < seen.end; ++k)
        scores[k] = shape.form(dot(query, cache.keys + kv + k * H, H)) + bias<T>(run, shape, b, head, s, k);
      if (qk != nullptr && attributes_.qk_output == 1) store_scores(shape, seen, scores, i, s, qk);
      const double sink = run.has_input(11) ? double(run.input(11).data<T>()[head]) : 0;
      const bool has_sink = attributes_.smooth || run.has_input(11);
      softmax_in_place(scores + seen.begin, seen.end - seen.begin, has_sink ? &sink : nullptr);
      for (int64_t k = seen.begin; k < seen.end; ++k) add_scaled(scores[k], cache.values + kv + k * H, H, sum);
    }
    if (qk != nullptr && attributes_.qk_output == 2) store_scores(shape, seen, scores, i, s, qk);
    T* out = y + shape.query_offset(b, s, head);
    for (int64_t h = 0; h < H; ++h) out[h] = from_double<T>(sum[h]);
  }

  GroupQueryAttributes attributes_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_group_query_attention(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(GroupQueryAttributes attributes, read_group_query_attributes(info));
  return std::make_unique<GroupQueryAttention>(std::move(attributes));
}

}  // namespace tenon::cpu_ref
