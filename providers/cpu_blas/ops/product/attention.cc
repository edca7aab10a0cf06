// Attention: Y = softmax(scale Q K' + mask) V for each head; shapes as in geometry/attention.hpp. Blocks of queries of
// one head are two products by OpenBLAS, which reads heads where they lie, and a softmax of their rows between. A query
// that sees no key has a result of 0. No past, softcap or window, and none of the further outputs: cpu_ref has these.
#include <algorithm>
#include <cmath>
#include <tenon/sdk/geometry/attention.hpp>

#include "common.h"
#include "gemm.h"
#include "simd/rows.h"

namespace tenon::cpu_blas {
namespace {

constexpr int64_t kBlockScores = 64 * 1024;  // floats: what stays in the L2 cache between the products
constexpr double kNsPerScore = 1;

class Attention final : public sdk::Kernel {
 public:
  explicit Attention(const sdk::KernelInfo& info)
      : node_(describe(info)),
        version_(info.since_version()),
        heads_(info.attr_int("q_num_heads", 0)),
        kv_heads_(info.attr_int("kv_num_heads", 0)),
        scale_(info.attr_float("scale", NAN)),
        causal_(info.attr_int("is_causal") != 0) {}

  sdk::Status run(sdk::RunContext& run) const override {
    sdk::AttentionShapes shapes{
        run.input(0).shape(), run.input(1).shape(), run.input(2).shape(), {}, {}, {}, heads_, kv_heads_};
    shapes.version = version_;
    const bool has_mask = run.has_input(3);
    if (has_mask) shapes.mask = run.input(3).shape();
    TN_ASSIGN_OR_RETURN(const sdk::AttentionGeometry g, sdk::attention_geometry(shapes));
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, TN_FLOAT, g.result()));
    if (y.count() == 0) return {};
    Call call{g, run.input(0).data<float>(), run.input(1).data<float>(), run.input(2).data<float>(), y.data<float>()};
    if (has_mask && run.input(3).dtype() == TN_FLOAT) call.mask = run.input(3).data<float>();
    if (has_mask && run.input(3).dtype() == TN_BOOL) call.allowed = run.input(3).data<bool>();
    call.scale = !std::isnan(scale_) ? scale_ : 1 / std::sqrt(static_cast<float>(g.size));
    call.rows = std::clamp<int64_t>(kBlockScores / std::max<int64_t>(g.total, 1), 8, g.queries < 8 ? 8 : g.queries);
    TN_RETURN_IF_ERROR(check_gemm(node_, scores_of(call, {}, nullptr)));
    TN_RETURN_IF_ERROR(check_gemm(node_, result_of(call, {}, nullptr)));
    const auto block_size = static_cast<size_t>(call.rows * g.total);
    TN_ASSIGN_OR_RETURN(float* const scratch, run.scratch<float>(run.max_workers() * block_size));
    run.count_products(g.queries, g.total, g.size + g.value_size, g.batch * g.heads);
    const int64_t blocks = (g.queries + call.rows - 1) / call.rows;
    const double cost = gemm_cost_ns(call.rows, g.total, g.size + g.value_size) +
                        kNsPerScore * static_cast<double>(call.rows) * static_cast<double>(g.total);
    run.parallel_for(g.batch * g.heads * blocks, cost, [&](uint32_t worker, int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end && !run.cancelled(); ++i) {
        const int64_t head = i / blocks % g.heads, first = i % blocks * call.rows;
        attend(call, {i / blocks / g.heads, head, first, std::min(call.rows, g.queries - first)},
               scratch + worker * block_size);
      }
    });
    return {};
  }

 private:
  struct Call {
    sdk::AttentionGeometry g;
    const float *q, *k, *v;
    float* y;
    const float* mask = nullptr;
    const bool* allowed = nullptr;
    float scale = 1;
    int64_t rows = 0;  // of a block, at most
  };
  /// Rows [first, first + count) of a head.
  struct Block {
    int64_t b = 0, head = 0, first = 0, count = 0;
  };

  static Gemm scores_of(const Call& call, const Block& block, float* scores) {
    const sdk::AttentionGeometry& g = call.g;
    Gemm product;
    product.m = block.count, product.n = g.total, product.k = g.size;
    product.a = call.q + g.offset(block.b, block.head, block.first, g.heads, g.queries, g.size);
    product.lda = g.row_stride(g.heads, g.size);
    product.b = call.k + g.offset(block.b, g.kv_head_of(block.head), 0, g.kv_heads, g.keys, g.size);
    product.ldb = g.row_stride(g.kv_heads, g.size);
    product.transpose_b = true;
    product.c = scores, product.ldc = g.total;
    product.alpha = call.scale;
    return product;
  }

  static Gemm result_of(const Call& call, const Block& block, const float* weights) {
    const sdk::AttentionGeometry& g = call.g;
    Gemm product;
    product.m = block.count, product.n = g.value_size, product.k = g.total;
    product.a = weights, product.lda = g.total;
    product.b = call.v + g.offset(block.b, g.kv_head_of(block.head), 0, g.kv_heads, g.keys, g.value_size);
    product.ldb = g.row_stride(g.kv_heads, g.value_size);
    product.c = call.y + g.offset(block.b, block.head, block.first, g.heads, g.queries, g.value_size);
    product.ldc = g.row_stride(g.heads, g.value_size);
    return product;
  }

  void attend(const Call& call, const Block& block, float* scores) const {
    const sdk::AttentionGeometry& g = call.g;
    Epilogue added;
    const bool is_whole = call.mask != nullptr && g.mask_keys == g.total && g.mask_step == 1;
    if (is_whole) {
      added.residual = call.mask + g.mask_offset(block.b, block.head, block.first);
      added.residual_stride = g.mask_strides[2];
    }
    gemm_tile(scores_of(call, block, scores), added, 0, block.count, 0, g.total);
    for (int64_t i = 0; i < block.count && g.total > 0; ++i) {
      float* row = scores + i * g.total;
      const int64_t query = block.first + i, at = g.mask_offset(block.b, block.head, query);
      if (!is_whole) add_mask(call, at, row);
      const int64_t seen = causal_ ? std::min(query + 1, g.total) : g.total;
      std::fill(row + seen, row + g.total, -INFINITY);
      simd::softmax_row(row, row, g.total);
      // Where all is minus infinity, or anything is NaN.
      if (std::isnan(row[0]) && !sees_any(call, at, seen)) std::fill_n(row, g.total, 0.0f);
    }
    gemm_tile(result_of(call, block, scores), {}, 0, block.count, 0, g.value_size);
  }

  /// Of a mask that is bool or ends early.
  static void add_mask(const Call& call, int64_t at, float* row) {
    if (call.mask == nullptr && call.allowed == nullptr) return;
    const int64_t keys = call.g.mask_keys, step = call.g.mask_step;
    for (int64_t k = 0; call.mask != nullptr && k < keys; ++k) row[k] += call.mask[at + k * step];
    for (int64_t k = 0; call.allowed != nullptr && k < keys; ++k)
      row[k] += call.allowed[at + k * step] ? 0.0f : -INFINITY;
    std::fill(row + keys, row + call.g.total, -INFINITY);
  }

  static bool sees_any(const Call& call, int64_t at, int64_t seen) {
    if (call.mask == nullptr && call.allowed == nullptr) return seen > 0;
    const int64_t keys = call.g.mask_step == 0 ? std::min<int64_t>(seen, 1) : std::min(seen, call.g.mask_keys);
    if (call.allowed != nullptr)
      return std::find(call.allowed + at, call.allowed + at + keys, true) != call.allowed + at + keys;
    return std::any_of(call.mask + at, call.mask + at + keys, [](float m) { return m != -INFINITY; });
  }

  std::string node_;
  int version_;
  int64_t heads_, kv_heads_;
  float scale_;  // NaN: 1 / sqrt(size)
  bool causal_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_attention(const sdk::KernelInfo& info) {
  for (uint32_t i : {4u, 5u, 6u})
    if (info.input(i)) return sdk::unsupported(describe(info), ": input ", i, " is given: a cache is cpu_ref's");
  for (uint32_t i : {1u, 2u, 3u})
    if (info.output(i)) return sdk::unsupported(describe(info), ": output ", i, " is wanted, the first alone is here");
  if (info.attr_float("softcap") != 0 || info.attr_int("left_window_size", -1) != -1 ||
      info.attr_int("right_window_size", -1) != -1)
    return sdk::unsupported(describe(info), ": softcap or a window is set, neither is implemented here");
  TN_RETURN_IF_ERROR(sdk::check_scores_output(info.attr_int("qk_matmul_output_mode")));
  TN_RETURN_IF_ERROR(sdk::check_softmax_precision(info.attr_int("softmax_precision", 0)));
  return sdk::KernelPtr(std::make_unique<Attention>(info));
}

}  // namespace tenon::cpu_blas
