// Attention: Y = softmax(softcap(scale Q K') + mask) V for each head; shapes as in geometry/attention.hpp. The mask is
// attn_mask, or minus infinity where it is false, and minus infinity for keys that the causal order, the window or
// nonpad_kv_seqlen keeps from a query. A query that sees no key has weights and a result of 0. All is computed in
// double, whatever softmax_precision says. Outputs 1 and 2 are past and new keys and values, 3 are the scores.
#include "attention/attention.h"

#include <tenon/sdk/geometry/attention.hpp>
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"

namespace tenon::cpu_ref {
namespace {

using sdk::AttentionGeometry;

struct AttentionAttributes {
  int version = 23;
  int64_t heads = 0, kv_heads = 0;
  double scale = NAN, softcap = 0;  // NaN: 1 / sqrt(size)
  bool causal = false;
  int64_t before = -1, after = -1;  // keys that a query sees on either side of its place; -1: all
  int64_t scores_output = 0;        // 0: scaled products, 1: softcapped, 2: masked, 3: weights
};

class Attention final : public sdk::Kernel {
 public:
  explicit Attention(const AttentionAttributes& attributes) : attributes_(attributes) {}

  sdk::Status run(sdk::RunContext& run) const override {
    TN_ASSIGN_OR_RETURN(const AttentionGeometry g, geometry(run));
    TN_RETURN_IF_ERROR(join_past(run, g, 1, 4, g.size));
    TN_RETURN_IF_ERROR(join_past(run, g, 2, 5, g.value_size));
    const auto bias_size = static_cast<size_t>(g.total), row_size = static_cast<size_t>(g.total + g.value_size);
    TN_ASSIGN_OR_RETURN(double* const bias, run.scratch<double>(run.max_workers() * bias_size));
    TN_ASSIGN_OR_RETURN(double* const scores, run.scratch<double>(run.max_workers() * row_size));
    run.count_products(g.queries, g.total, g.size + g.value_size, g.batch * g.heads);
    return visit_floats(run.input(0).dtype(), [&](auto tag) -> sdk::Status {
      return visit_floats(run.input(2).dtype(), [&](auto value_tag) -> sdk::Status {
        using T = decltype(tag);
        using V = decltype(value_tag);
        TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, sdk::kDTypeOf<T>, g.result()));
        TN_ASSIGN_OR_RETURN(T* const qk, scores_output<T>(run, g));
        const double cost = double(g.total) * double(g.size + g.value_size);
        run.parallel_for(g.batch * g.heads * g.queries, cost, [&](uint32_t worker, int64_t begin, int64_t end) {
          const Row<T> row{y.data<T>(), qk, bias + worker * bias_size, scores + worker * row_size};
          for (int64_t i = begin; i < end && !run.cancelled(); ++i) attend<T, V>(run, g, i, row);
        });
        return {};
      });
    });
  }

 private:
  template <typename T>
  struct Row {
    T *y, *qk;              // whole outputs; qk may be null
    double *bias, *scores;  // scratch of a row: what is added to the scores; the scores, and then a sum of values
  };

  sdk::Result<AttentionGeometry> geometry(sdk::RunContext& run) const {
    sdk::AttentionShapes shapes{run.input(0).shape(), run.input(1).shape(), run.input(2).shape(), {}, {}, {},
                                attributes_.heads,    attributes_.kv_heads};
    if (run.has_input(3)) shapes.mask = run.input(3).shape();
    shapes.version = attributes_.version;
    if (run.has_input(4)) shapes.past_key = run.input(4).shape();
    if (run.has_input(5)) shapes.past_value = run.input(5).shape();
    TN_ASSIGN_OR_RETURN(const AttentionGeometry g, sdk::attention_geometry(shapes));
    if (run.has_input(6) && (run.input(6).rank() != 1 || run.input(6).dim(0) != g.batch))
      return sdk::invalid_model("input nonpad_kv_seqlen is ", sdk::shape_text(run.input(6).shape()), ", expected ",
                                g.batch, ", a number for each of the batch");
    if (run.has_input(6))
      for (const int64_t length : run.input(6).span<int64_t>())
        if (length < 0 || length > g.total)
          return sdk::invalid_argument("input nonpad_kv_seqlen holds ", length, ", expected 0 to ", g.total,
                                       ", the number of keys");
    return g;
  }

  template <typename T>
  static sdk::Result<T*> scores_output(sdk::RunContext& run, const AttentionGeometry& g) {
    if (!run.output_wanted(3)) return static_cast<T*>(nullptr);
    const int64_t dims[] = {g.batch, g.heads, g.queries, g.total};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView t, run.output(3, sdk::kDTypeOf<T>, dims));
    return t.data<T>();
  }

  /// Output `index`: the rows of input `past`, then those of input `index`, for each head.
  static sdk::Status join_past(sdk::RunContext& run, const AttentionGeometry& g, uint32_t index, uint32_t past,
                               int64_t width) {
    if (!run.output_wanted(index)) return {};
    const int64_t dims[] = {g.batch, g.kv_heads, g.total, width};
    return visit_floats(run.input(index).dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView t, run.output(index, sdk::kDTypeOf<T>, dims));
      T* to = t.data<T>();
      for (int64_t b = 0; b < g.batch; ++b)
        for (int64_t head = 0; head < g.kv_heads; ++head)
          for (int64_t key = 0; key < g.total; ++key, to += width)
            std::copy_n(row_of<T>(run, g, index, past, width, b, head, key), width, to);
      return {};
    });
  }

  /// Row `key` of input `index` with the rows of input `past` before it.
  template <typename T>
  static const T* row_of(sdk::RunContext& run, const AttentionGeometry& g, uint32_t index, uint32_t past, int64_t width,
                         int64_t b, int64_t head, int64_t key) {
    if (key < g.past) return run.input(past).data<T>() + ((b * g.kv_heads + head) * g.past + key) * width;
    return run.input(index).data<T>() + g.offset(b, head, key - g.past, g.kv_heads, g.keys, width);
  }

  /// What is added to the scores of a query; false when all of it is minus infinity.
  bool fill_bias(sdk::RunContext& run, const AttentionGeometry& g, int64_t b, int64_t head, int64_t query,
                 double* bias) const {
    const bool has_length = run.has_input(6);
    const int64_t length = has_length ? run.input(6).data<int64_t>()[b] : g.total;
    const int64_t place = query + (has_length && !run.has_input(4) ? length - g.queries : g.past);
    std::fill_n(bias, g.total, 0.0);
    if (run.has_input(3)) read_mask(run.input(3), g, g.mask_offset(b, head, query), bias);
    bool sees_any = false;
    for (int64_t k = 0; k < g.total; ++k) {
      const bool is_outside = (attributes_.before >= 0 && place - k > attributes_.before) ||
                              (attributes_.after >= 0 && k - place > attributes_.after);
      if (is_outside || (attributes_.causal && k > place) || k >= length) bias[k] = -INFINITY;
      sees_any = sees_any || bias[k] != -INFINITY;
    }
    return sees_any;
  }

  static void read_mask(const sdk::TensorView& mask, const AttentionGeometry& g, int64_t at, double* bias) {
    (void)visit_list(NumericAndBoolTypes{}, mask.dtype(), [&](auto tag) -> sdk::Status {
      using M = decltype(tag);
      const M* row = mask.data<M>() + at;
      for (int64_t k = 0; k < g.mask_keys; ++k) {
        if constexpr (std::is_same_v<M, bool>) {
          bias[k] = row[k * g.mask_step] ? 0 : -INFINITY;
        } else {
          bias[k] = static_cast<double>(row[k * g.mask_step]);
        }
      }
      return {};
    });
    std::fill(bias + g.mask_keys, bias + g.total, -INFINITY);
  }

  /// Row i of batch, head and query.
  template <typename T, typename V>
  void attend(sdk::RunContext& run, const AttentionGeometry& g, int64_t i, const Row<T>& row) const {
    const int64_t query = i % g.queries, head = i / g.queries % g.heads, b = i / g.queries / g.heads;
    const int64_t kv_head = g.kv_head_of(head);
    const T* q = run.input(0).data<T>() + g.offset(b, head, query, g.heads, g.queries, g.size);
    const double scale =
        !std::isnan(attributes_.scale) ? attributes_.scale : 1 / std::sqrt(static_cast<double>(g.size));
    const auto store = [&](int64_t mode) {
      if (row.qk == nullptr || attributes_.scores_output != mode) return;
      for (int64_t k = 0; k < g.total; ++k) row.qk[i * g.total + k] = from_double<T>(row.scores[k]);
    };
    for (int64_t k = 0; k < g.total; ++k)
      row.scores[k] = dot(q, row_of<T>(run, g, 1, 4, g.size, b, kv_head, k), g.size) * scale;
    store(0);
    const ScoreForm softcap{1, attributes_.softcap};
    for (int64_t k = 0; k < g.total; ++k) row.scores[k] = softcap(row.scores[k]);
    store(1);
    const bool sees_any = fill_bias(run, g, b, head, query, row.bias);
    for (int64_t k = 0; k < g.total; ++k) row.scores[k] += row.bias[k];
    store(2);
    if (sees_any) softmax_in_place(row.scores, g.total);
    if (!sees_any) std::fill_n(row.scores, g.total, 0.0);
    store(3);
    double* sum = row.scores + g.total;
    std::fill_n(sum, g.value_size, 0.0);
    for (int64_t k = 0; k < g.total; ++k)
      add_scaled(row.scores[k], row_of<V>(run, g, 2, 5, g.value_size, b, kv_head, k), g.value_size, sum);
    T* out = row.y + g.offset(b, head, query, g.heads, g.queries, g.value_size);
    for (int64_t d = 0; d < g.value_size; ++d) out[d] = from_double<T>(sum[d]);
  }

  AttentionAttributes attributes_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_attention(const sdk::KernelInfo& info) {
  TN_RETURN_IF_ERROR(sdk::check_attention_cache(info.since_version(), bool(info.input(4)), bool(info.input(6)),
                                                bool(info.output(1)), bool(info.output(2))));
  AttentionAttributes read;
  read.version = info.since_version();
  read.heads = info.attr_int("q_num_heads", 0);
  read.kv_heads = info.attr_int("kv_num_heads", 0);
  read.scale = info.attr_float("scale", NAN);
  read.softcap = info.attr_float("softcap");
  read.causal = info.attr_int("is_causal") != 0;
  read.before = info.attr_int("left_window_size", -1);
  read.after = info.attr_int("right_window_size", -1);
  read.scores_output = info.attr_int("qk_matmul_output_mode");
  if (read.before < -1 || read.after < -1)
    return sdk::invalid_model("left_window_size and right_window_size are ", read.before, " and ", read.after,
                              ", expected -1 or more");
  TN_RETURN_IF_ERROR(sdk::check_scores_output(read.scores_output));
  TN_RETURN_IF_ERROR(sdk::check_softmax_precision(info.attr_int("softmax_precision", 0)));
  return std::make_unique<Attention>(read);
}

}  // namespace tenon::cpu_ref
