// LinearAttention: a state S of d_k x d_v for each batch entry and key head goes over the tokens,
//   S = decay S, with decay = exp(g), in the rules "gated" and "gated_delta"
//   S = S + beta k (v - S' k)', in "delta" and "gated_delta", else S + k v'
//   o = scale q' S
// Query is batch x tokens x heads*d_k, key and value batch x tokens x key heads*d_k and *d_v; neighbouring query heads
// share a key head, or in ONNX Runtime's operator neighbouring key heads a query head: there are as many results as of
// the more heads. g has one number per token and key head, or one per element of the key as well; beta one per token
// and key head, or per token. All is computed in double.
#include <algorithm>
#include <cmath>
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"
#include "linear/dot.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

constexpr uint32_t kLinearQuery = 0, kLinearKey = 1, kLinearValue = 2, kLinearPast = 3, kLinearDecay = 4,
                   kLinearBeta = 5;

struct LinearShape {
  int64_t batch, tokens, key_size, value_size;
  int64_t decay_each;  // numbers of decay per key head: 0, 1 or key_size
  int64_t beta_heads;  // 1 or the key heads
};

class LinearAttention final : public sdk::Kernel {
 public:
  LinearAttention(const sdk::KernelInfo& info, bool has_decay, bool is_delta)
      : heads_(info.attr_int("q_num_heads")),
        key_heads_(info.attr_int("kv_num_heads")),
        scale_(info.attr_float("scale")),
        has_decay_(has_decay),
        is_delta_(is_delta),
        state_dtype_(info.output_count() > 1 && info.output(1) ? info.output(1).info().dtype() : TN_UNDEFINED) {}

  sdk::Status run(sdk::RunContext& run) const override {
    TN_ASSIGN_OR_RETURN(const LinearShape s, resolve(run));
    const sdk::TensorView q = run.input(kLinearQuery);
    TN_ASSIGN_OR_RETURN(const int64_t width, multiply(std::max(heads_, key_heads_), s.value_size));
    const int64_t dims[] = {s.batch, s.tokens, width};
    const int64_t state_dims[] = {s.batch, key_heads_, s.key_size, s.value_size};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, q.dtype(), dims));
    const tn_dtype state_dtype = state_dtype_ != TN_UNDEFINED ? state_dtype_
                                 : run.has_input(kLinearPast) ? run.input(kLinearPast).dtype()
                                                              : q.dtype();
    sdk::MutableTensorView present;
    if (run.output_wanted(1)) {
      TN_ASSIGN_OR_RETURN(present, run.output(1, state_dtype, state_dims));
    }
    return visit_floats(q.dtype(), [&](auto tag) {
      return visit_floats(
          state_dtype, [&](auto state_tag) { return attend<decltype(tag), decltype(state_tag)>(run, s, y, present); });
    });
  }

 private:
  sdk::Result<LinearShape> resolve(const sdk::RunContext& run) const {
    const sdk::TensorView q = run.input(kLinearQuery), k = run.input(kLinearKey), v = run.input(kLinearValue);
    for (const sdk::TensorView& t : {q, k, v})
      if (t.rank() != 3 || t.dim(0) != q.dim(0) || t.dim(1) != q.dim(1))
        return sdk::invalid_argument("query, key and value have shapes ", sdk::shape_text(q.shape()), ", ",
                                     sdk::shape_text(k.shape()), " and ", sdk::shape_text(v.shape()),
                                     ", expected batch x tokens x heads*size of each");
    if (q.dim(2) % heads_ != 0 || k.dim(2) % key_heads_ != 0 || v.dim(2) % key_heads_ != 0 ||
        q.dim(2) / heads_ != k.dim(2) / key_heads_)
      return sdk::invalid_argument("query, key and value have ", q.dim(2), ", ", k.dim(2), " and ", v.dim(2),
                                   " columns, which ", heads_, " heads and ", key_heads_,
                                   " key heads do not fill with queries as long as keys");
    LinearShape s{q.dim(0), q.dim(1), k.dim(2) / key_heads_, v.dim(2) / key_heads_, 0, 1};
    if (run.has_input(kLinearPast)) {
      const sdk::TensorView past = run.input(kLinearPast);
      const int64_t wanted[] = {s.batch, key_heads_, s.key_size, s.value_size};
      if (past.rank() != 4 || !std::equal(wanted, wanted + 4, past.shape().begin()))
        return sdk::invalid_argument("input past_state has shape ", sdk::shape_text(past.shape()), ", expected ",
                                     sdk::shape_text(sdk::ShapeView(wanted)));
    }
    if (has_decay_) {
      TN_ASSIGN_OR_RETURN(const int64_t columns,
                          columns_of(run, kLinearDecay, "decay", s, key_heads_, key_heads_ * s.key_size));
      s.decay_each = columns / key_heads_;
    }
    if (is_delta_) {
      TN_ASSIGN_OR_RETURN(s.beta_heads, columns_of(run, kLinearBeta, "beta", s, key_heads_, 1));
    }
    return s;
  }

  static sdk::Result<int64_t> columns_of(const sdk::RunContext& run, uint32_t input, const char* name,
                                         const LinearShape& s, int64_t one, int64_t other) {
    const sdk::TensorView t = run.input(input);
    if (t.rank() == 3 && t.dim(0) == s.batch && t.dim(1) == s.tokens && (t.dim(2) == one || t.dim(2) == other))
      return t.dim(2);
    return sdk::invalid_argument("input ", name, " has shape ", sdk::shape_text(t.shape()), ", expected ", s.batch, "x",
                                 s.tokens, "x", one, " or x", other);
  }

  template <typename T, typename S>
  sdk::Status attend(sdk::RunContext& run, const LinearShape& s, const sdk::MutableTensorView& y,
                     const sdk::MutableTensorView& present) const {
    TN_ASSIGN_OR_RETURN(const int64_t size, multiply(s.key_size, s.value_size));
    TN_ASSIGN_OR_RETURN(const int64_t room, add(size, s.value_size));
    TN_ASSIGN_OR_RETURN(double* const scratch, worker_rooms(run, room));
    const double cost = double(s.tokens) * double(size) * 4;
    run.parallel_for(s.batch * key_heads_, cost, [&](uint32_t worker, int64_t begin, int64_t end) {
      double* const state = scratch + worker * room;
      for (int64_t i = begin; i < end && !run.cancelled(); ++i) {
        std::fill_n(state, size, 0.0);
        if (run.has_input(kLinearPast)) std::copy_n(run.input(kLinearPast).data<S>() + i * size, size, state);
        for (int64_t t = 0; t < s.tokens; ++t)
          step<T>(run, s, i / key_heads_ * s.tokens + t, i % key_heads_, state, state + size, y.data<T>());
        if (present.raw() != nullptr)
          std::transform(state, state + size, present.data<S>() + i * size, [](double v) { return from_double<S>(v); });
      }
    });
    return {};
  }

  /// Token `token` of all batch entries and key head `head`; `change` holds a row of values.
  template <typename T>
  void step(const sdk::RunContext& run, const LinearShape& s, int64_t token, int64_t head, double* state,
            double* change, T* y) const {
    const int64_t K = s.key_size, V = s.value_size;
    const T* const k = run.input(kLinearKey).data<T>() + (token * key_heads_ + head) * K;
    const T* const v = run.input(kLinearValue).data<T>() + (token * key_heads_ + head) * V;
    if (has_decay_) {
      const T* const g = run.input(kLinearDecay).data<T>() + (token * key_heads_ + head) * s.decay_each;
      for (int64_t i = 0; i < K; ++i) {
        const double factor = std::exp(double(g[s.decay_each == 1 ? 0 : i]));
        for (int64_t j = 0; j < V; ++j) state[i * V + j] *= factor;
      }
    }
    std::copy_n(v, V, change);
    if (is_delta_) {
      for (int64_t i = 0; i < K; ++i) add_scaled(-double(k[i]), state + i * V, V, change);
      const T* const beta = run.input(kLinearBeta).data<T>() + token * s.beta_heads + (s.beta_heads == 1 ? 0 : head);
      for (int64_t j = 0; j < V; ++j) change[j] *= double(*beta);
    }
    for (int64_t i = 0; i < K; ++i) add_scaled(double(k[i]), change, V, state + i * V);
    const int64_t results = std::max(heads_, key_heads_);
    const int64_t group = results / key_heads_, shared = results / heads_;
    const double scale = scale_ == 0 ? 1 / std::sqrt(double(K)) : scale_;
    for (int64_t h = head * group; h < (head + 1) * group; ++h) {
      const T* const q = run.input(kLinearQuery).data<T>() + (token * heads_ + h / shared) * K;
      std::fill_n(change, V, 0.0);
      for (int64_t i = 0; i < K; ++i) add_scaled(double(q[i]), state + i * V, V, change);
      std::transform(change, change + V, y + (token * results + h) * V,
                     [&](double sum) { return from_double<T>(sum * scale); });
    }
  }

  const int64_t heads_, key_heads_;
  const double scale_;
  const bool has_decay_, is_delta_;
  const tn_dtype state_dtype_;
};

sdk::Result<sdk::KernelPtr> make_of_rule(const sdk::KernelInfo& info) {
  const std::string rule = info.attr_string("update_rule");
  if (rule != "linear" && rule != "gated" && rule != "delta" && rule != "gated_delta")
    return sdk::invalid_model("attribute update_rule is '", rule, "', expected linear, gated, delta or gated_delta");
  const bool has_decay = rule == "gated" || rule == "gated_delta", is_delta = rule == "delta" || rule == "gated_delta";
  if (has_decay && !info.input(kLinearDecay))
    return sdk::invalid_model("input decay is left out, expected one as update_rule is ", rule);
  if (is_delta && !info.input(kLinearBeta))
    return sdk::invalid_model("input beta is left out, expected one as update_rule is ", rule);
  return std::make_unique<LinearAttention>(info, has_decay, is_delta);
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_linear_attention(const sdk::KernelInfo& info) {
  const int64_t heads = info.attr_int("q_num_heads"), key_heads = info.attr_int("kv_num_heads");
  if (heads < 1 || key_heads < 1 || heads % key_heads != 0)
    return sdk::invalid_model("q_num_heads is ", heads, " and kv_num_heads ", key_heads,
                              ", expected positive numbers, the first a multiple of the second");
  return make_of_rule(info);
}

sdk::Result<sdk::KernelPtr> make_microsoft_linear_attention(const sdk::KernelInfo& info) {
  const int64_t heads = info.attr_int("q_num_heads"), key_heads = info.attr_int("kv_num_heads");
  if (heads < 1 || key_heads < 1 || (heads % key_heads != 0 && key_heads % heads != 0))
    return sdk::invalid_model("q_num_heads is ", heads, " and kv_num_heads ", key_heads,
                              ", expected positive numbers, one a multiple of the other");
  if (info.attr_int("state_window") != 0)
    return sdk::unsupported("attribute state_window is ", info.attr_int("state_window"),
                            ": only the state behind the last token (0) has a kernel");
  return make_of_rule(info);
}

}  // namespace tenon::cpu_ref
