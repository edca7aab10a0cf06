// Attention: Y = softmax(softcap(scale Q K') + mask) V for each head; shapes as in geometry/attention.hpp, the work in
// attention/attend.h. Outputs 1 and 2 are past and new keys and values. No window, lengths or output of scores: cpu_ref
// has these.
#include <algorithm>
#include <cmath>
#include <tenon/sdk/geometry/attention.hpp>

#include "attention/attend.h"
#include "common.h"

namespace tenon::cpu_blas {
namespace {

using sdk::AttentionGeometry;

class Attention final : public sdk::Kernel {
 public:
  explicit Attention(const sdk::KernelInfo& info)
      : version_(info.since_version()),
        heads_(info.attr_int("q_num_heads", 0)),
        kv_heads_(info.attr_int("kv_num_heads", 0)),
        scale_(info.attr_float("scale", NAN)),
        softcap_(info.attr_float("softcap")),
        causal_(info.attr_int("is_causal") != 0) {}

  sdk::Status run(sdk::RunContext& run) const override {
    TN_ASSIGN_OR_RETURN(const AttentionGeometry g, geometry(run));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_FLOAT, g.result()));
    AttendCall call;
    call.batch = g.batch, call.heads = g.heads, call.kv_heads = g.kv_heads;
    call.queries = g.queries, call.keys = g.total, call.size = g.size, call.value_size = g.value_size;
    call.q = rows<const float>(g, run.input(0).data<float>(), g.heads, g.queries, g.size);
    call.y = rows<float>(g, y.data<float>(), g.heads, g.queries, g.value_size);
    TN_ASSIGN_OR_RETURN(call.k, join_past(run, g, 1, 4, g.size));
    TN_ASSIGN_OR_RETURN(call.v, join_past(run, g, 2, 5, g.value_size));
    call.scale = !std::isnan(scale_) ? scale_ : 1 / std::sqrt(static_cast<float>(g.size));
    call.softcap = softcap_;
    call.causal = causal_, call.past = g.past;
    if (run.has_input(3)) {
      if (run.input(3).dtype() == TN_FLOAT) call.mask = run.input(3).data<float>();
      if (run.input(3).dtype() == TN_BOOL) call.allowed = run.input(3).data<bool>();
      call.mask_strides = g.mask_strides;
      call.mask_keys = g.mask_keys, call.mask_step = g.mask_step;
    }
    return attend(run, call);
  }

 private:
  sdk::Result<AttentionGeometry> geometry(sdk::RunContext& run) const {
    sdk::AttentionShapes shapes{
        run.input(0).shape(), run.input(1).shape(), run.input(2).shape(), {}, {}, {}, heads_, kv_heads_};
    shapes.version = version_;
    if (run.has_input(3)) shapes.mask = run.input(3).shape();
    if (run.has_input(4)) shapes.past_key = run.input(4).shape();
    if (run.has_input(5)) shapes.past_value = run.input(5).shape();
    return sdk::attention_geometry(shapes);
  }

  template <typename T>
  static HeadRows<T> rows(const AttentionGeometry& g, T* data, int64_t heads, int64_t count, int64_t width) {
    return {data, heads * count * width, g.offset(0, 1, 0, heads, count, width), g.row_stride(heads, width)};
  }

  /// Input `index` where it lies; or, where there is a past or the output of that number is wanted, that output: the
  /// rows of input `past`, then those of input `index`, for each head.
  static sdk::Result<HeadRows<const float>> join_past(sdk::RunContext& run, const AttentionGeometry& g, uint32_t index,
                                                      uint32_t past, int64_t width) {
    const auto fresh = rows<const float>(g, run.input(index).data<float>(), g.kv_heads, g.keys, width);
    const bool is_wanted = index < run.output_count() && run.output_wanted(index);
    if (!is_wanted && g.past == 0) return fresh;
    float* joined = nullptr;
    if (is_wanted) {
      TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView t,
                          run.output(index, TN_FLOAT, sdk::Shape{g.batch, g.kv_heads, g.total, width}));
      joined = t.data<float>();
    } else {
      TN_ASSIGN_OR_RETURN(joined, run.scratch<float>(static_cast<size_t>(g.batch * g.kv_heads * g.total * width)));
    }
    const float* before = g.past > 0 ? run.input(past).data<float>() : nullptr;
    run.parallel_for(g.batch * g.kv_heads, static_cast<double>(g.total * width) / 8, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        float* to = std::copy_n(before + i * g.past * width, g.past * width, joined + i * g.total * width);
        for (int64_t key = 0; key < g.keys; ++key, to += width)
          std::copy_n(fresh.at(i / g.kv_heads, i % g.kv_heads, key), width, to);
      }
    });
    return HeadRows<const float>{joined, g.kv_heads * g.total * width, g.total * width, width};
  }

  int version_;
  int64_t heads_, kv_heads_;
  float scale_;  // NaN: 1 / sqrt(size)
  float softcap_;
  bool causal_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_attention(const sdk::KernelInfo& info) {
  TN_RETURN_IF_ERROR(sdk::check_attention_cache(info.since_version(), bool(info.input(4)), bool(info.input(6)),
                                                bool(info.output(1)), bool(info.output(2))));
  if (info.input(6)) return sdk::unsupported(describe(info), ": nonpad_kv_seqlen is given: cpu_ref has lengths");
  if (info.output(3)) return sdk::unsupported(describe(info), ": the output of scores is wanted: cpu_ref has it");
  if (info.attr_int("left_window_size", -1) != -1 || info.attr_int("right_window_size", -1) != -1)
    return sdk::unsupported(describe(info), ": a window is set: cpu_ref has windows");
  TN_RETURN_IF_ERROR(sdk::check_scores_output(info.attr_int("qk_matmul_output_mode")));
  TN_RETURN_IF_ERROR(sdk::check_softmax_precision(info.attr_int("softmax_precision", 0)));
  return sdk::KernelPtr(std::make_unique<Attention>(info));
}

}  // namespace tenon::cpu_blas
