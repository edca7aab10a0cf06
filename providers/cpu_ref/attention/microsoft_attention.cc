// Attention of com.microsoft: input, batch x rows x width, times weights, width x (heads * size twice + heads * value
// size), plus bias gives queries, keys and values, and multi_head.h does the rest. past and present are keys and
// values, 2 x batch x heads x rows x size. qkv_hidden_sizes says where keys and values begin; without it all are as
// wide. Scratch: queries, keys and values, each twice, what the products take, and a row of scores for each thread.
//
// QAttention is the same with quantized input and weights: sums of (input - input_zero_point) * (weight -
// weight_zero_point) in int32, times input_scale * weight_scale; weights have a scale and a zero point for all or for
// each column.
#include "attention/multi_head.h"
#include "linear/integer_matrices.h"
#include "linear/matrix.h"

namespace tenon::cpu_ref {
namespace {

/// Which input is what.
struct ProjectedInputs {
  uint32_t mask, past, score_bias;
};
constexpr uint32_t kNoInput = 64;

class ProjectedAttention : public sdk::Kernel {
 protected:
  ProjectedAttention(const MultiHeadAttributes& attributes, sdk::Shape widths, ProjectedInputs inputs)
      : attributes_(attributes), widths_(std::move(widths)), in_(inputs) {}

  /// Of input 0, weights 1 and bias 2, which is one for each column.
  sdk::Result<MultiHeadShape> resolve(sdk::RunContext& run) const {
    const sdk::TensorView x = run.input(0), w = run.input(1);
    if (x.rank() != 3 || w.rank() != 2 || w.dim(0) != x.dim(2))
      return sdk::invalid_argument("input and weights have shapes ", sdk::shape_text(x.shape()), " and ",
                                   sdk::shape_text(w.shape()), ", expected batch x rows x width and width x columns");
    const int64_t columns = w.dim(1), heads = attributes_.heads;
    const sdk::Shape widths = widths_.empty() ? sdk::Shape(3, columns / 3) : widths_;
    if (widths[0] + widths[1] + widths[2] != columns || widths[0] % heads != 0 || widths[2] % heads != 0)
      return sdk::invalid_argument("the weights have ", columns, " columns, expected queries, keys and values of ",
                                   heads, " heads", widths_.empty() ? "" : " as wide as qkv_hidden_sizes says");
    if (run.has_input(2) && (run.input(2).rank() != 1 || run.input(2).dim(0) != columns))
      return sdk::invalid_argument("input bias has shape ", sdk::shape_text(run.input(2).shape()), ", expected ",
                                   columns, ", one for each column of the weights");
    MultiHeadShape s{x.dim(0), heads, x.dim(1), x.dim(1), 0, widths[0] / heads, widths[2] / heads, 0};
    if ((run.has_input(in_.past) || run.output_wanted(1)) && s.size != s.value_size)
      return sdk::invalid_argument("keys and values are ", s.size, " and ", s.value_size,
                                   " wide, expected the same, as past and present hold both");
    if (run.has_input(in_.past)) {
      const sdk::TensorView past = run.input(in_.past);
      s.past = past.rank() == 5 ? past.dim(3) : 0;
      if (to_shape(past.shape()) != sdk::Shape{2, s.batch, heads, s.past, s.size})
        return sdk::invalid_argument("input past has shape ", sdk::shape_text(past.shape()), ", expected 2x", s.batch,
                                     "x", heads, " x rows x ", s.size);
    }
    TN_ASSIGN_OR_RETURN(s.rows, add(s.past, s.keys));
    TN_RETURN_IF_ERROR(s.check());
    TN_RETURN_IF_ERROR(multiply(s.batch * s.queries, columns).take_status());
    return s;
  }

  /// `projected`: batch x rows x columns of the weights.
  template <typename T>
  sdk::Status attend(sdk::RunContext& run, const MultiHeadShape& s, const T* projected) const {
    TN_ASSIGN_OR_RETURN(const MultiHeadMask mask, resolve_mask(run, in_.mask, "mask_index", attributes_, s));
    TN_ASSIGN_OR_RETURN(const ScoreBias bias, resolve_score_bias(run, in_.score_bias, s));
    const int64_t shape[] = {s.batch, s.queries, s.heads * s.value_size};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, sdk::kDTypeOf<T>, shape));
    TN_ASSIGN_OR_RETURN(T* const q, run.scratch<T>(size_t(s.batch * s.heads * s.queries * s.size)));
    const int64_t width = s.heads * s.size, columns = 2 * width + s.heads * s.value_size;
    const auto part = [&](int64_t at, int64_t size) {
      return HeadRows<T>{projected + at, s.queries * columns, size, columns};
    };
    part(0, s.size).copy_to(q, s, s.size, s.queries, 0, s.queries);
    const int64_t keys = s.batch * s.heads * s.rows * s.size, values = s.batch * s.heads * s.rows * s.value_size;
    T* cache;
    if (run.output_wanted(1)) {
      const int64_t dims[] = {2, s.batch, s.heads, s.rows, s.size};
      TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView present, run.output(1, sdk::kDTypeOf<T>, dims));
      cache = present.template data<T>();
    } else {
      TN_ASSIGN_OR_RETURN(const int64_t both, add(keys, values));
      TN_ASSIGN_OR_RETURN(cache, run.scratch<T>(size_t(both)));
    }
    if (run.has_input(in_.past)) {
      const T* past = run.input(in_.past).data<T>();
      const int64_t half = s.batch * s.heads * s.past * s.size;
      for (int64_t i = 0; i < 2; ++i)
        HeadRows<T>::by_head(past + i * half, s.heads, s.past, s.size)
            .copy_to(cache + i * keys, s, s.size, s.past, 0, s.rows);
    }
    part(width, s.size).copy_to(cache, s, s.size, s.keys, s.past, s.rows);
    part(2 * width, s.value_size).copy_to(cache + keys, s, s.value_size, s.keys, s.past, s.rows);
    MultiHeadData<T> data{q, cache, cache + keys, nullptr, y.template data<T>(), nullptr};
    if (bias.given) data.bias = run.input(in_.score_bias).data<T>();
    return attend_heads(run, attributes_, s, mask, bias, data);
  }

 private:
  MultiHeadAttributes attributes_;
  sdk::Shape widths_;
  ProjectedInputs in_;
};

class MicrosoftAttention final : public ProjectedAttention {
 public:
  MicrosoftAttention(const MultiHeadAttributes& attributes, sdk::Shape widths)
      : ProjectedAttention(attributes, std::move(widths), {3, 4, 5}) {}

  sdk::Status run(sdk::RunContext& run) const override {
    return visit_types<float, sdk::Float16, sdk::BFloat16>(run.input(0).dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      TN_ASSIGN_OR_RETURN(const MultiHeadShape s, resolve(run));
      const int64_t rows = s.batch * s.queries, columns = run.input(1).dim(1), width = run.input(0).dim(2);
      TN_ASSIGN_OR_RETURN(T* const projected, run.scratch<T>(size_t(rows * columns)));
      const T *x = run.input(0).data<T>(), *w = run.input(1).data<T>();
      const T* bias = run.has_input(2) ? run.input(2).data<T>() : nullptr;
      run.parallel_for(rows, double(columns) * double(width), [&](int64_t begin, int64_t end) {
        for (int64_t first = begin; first < end && !run.cancelled(); first += kRowsInOneGo) {
          T* const out = projected + first * columns;
          multiply_matrices<T>(run, MatrixView<T>{x + first * width, width, 1}, MatrixView<T>{w, columns, 1},
                               std::min(kRowsInOneGo, end - first), columns, width, nullptr,
                               [&](int64_t r, int64_t c, double sum) {
                                 out[r * columns + c] = from_double<T>(sum + (bias ? double(bias[c]) : 0.0));
                               });
        }
      });
      return attend<T>(run, s, projected);
    });
  }
};

class QuantizedAttention final : public ProjectedAttention {
 public:
  explicit QuantizedAttention(const MultiHeadAttributes& attributes)
      : ProjectedAttention(attributes, {}, {5, 8, kNoInput}) {}

  sdk::Status run(sdk::RunContext& run) const override {
    return visit_types<float, sdk::Float16>(run.input(2).dtype(), [&](auto tag) -> sdk::Status {
      return visit_types<uint8_t, int8_t>(run.input(0).dtype(), [&](auto x_tag) -> sdk::Status {
        return visit_types<uint8_t, int8_t>(run.input(1).dtype(), [&](auto w_tag) -> sdk::Status {
          return attend_quantized<decltype(tag), decltype(x_tag), decltype(w_tag)>(run);
        });
      });
    });
  }

 private:
  template <typename T, typename X, typename W>
  sdk::Status attend_quantized(sdk::RunContext& run) const {
    TN_ASSIGN_OR_RETURN(const MultiHeadShape s, resolve(run));
    TN_ASSIGN_OR_RETURN(const IntegerProduct product, resolve_product(run.input(0), "input", run.input(1), "weight"));
    const int64_t rows = s.batch * s.queries, columns = run.input(1).dim(1);
    for (const uint32_t i : {3u, 6u})
      if (run.has_input(i) && run.input(i).count() != 1)
        return sdk::invalid_argument("input ", i == 3 ? "input_scale" : "input_zero_point", " has shape ",
                                     sdk::shape_text(run.input(i).shape()), ", expected one number");
    TN_ASSIGN_OR_RETURN(const PerLine<X> x_zeros, per_line<X>(run, 6, product.a, Line::kRow, "input_zero_point"));
    TN_ASSIGN_OR_RETURN(const PerLine<T> w_scales, per_line<T>(run, 4, product.b, Line::kColumn, "weight_scale"));
    TN_ASSIGN_OR_RETURN(const PerLine<W> w_zeros, per_line<W>(run, 7, product.b, Line::kColumn, "weight_zero_point"));
    TN_ASSIGN_OR_RETURN(T* const projected, run.scratch<T>(size_t(rows * columns)));
    const Compute<T> scale = *run.input(3).data<T>();
    const T* bias = run.input(2).data<T>();
    TN_RETURN_IF_ERROR(
        multiply_integers(run, product, rows * columns, run.input(0).data<X>(), x_zeros, run.input(1).data<W>(),
                          w_zeros, [&](int64_t i, const ProductPlace& place, int32_t sum) {
                            const auto unit = scale * Compute<T>(w_scales.at(0, place.column));
                            projected[i] = T(Compute<T>(double(sum) * double(unit) + double(bias[place.column])));
                          }));
    return attend<T>(run, s, projected);
  }
};

/// TN_UNSUPPORTED for what onnxruntime has on GPUs alone.
sdk::Status check_projected(const sdk::KernelInfo& info) {
  for (const char* name : {"do_rotary", "past_present_share_buffer"})
    if (info.attr_int(name) != 0)
      return sdk::unsupported("attribute ", name, " is ", info.attr_int(name),
                              ", expected 0: only caches that grow, and heads as they come, have a kernel");
  return {};
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_microsoft_attention(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const MultiHeadAttributes attributes, read_multi_head_attributes(info));
  TN_RETURN_IF_ERROR(check_projected(info));
  if (info.input_count() > 6 && info.input(6))
    return sdk::unsupported("input past_sequence_length is given: only caches that grow have a kernel");
  sdk::Shape widths = info.attr_ints("qkv_hidden_sizes");
  const auto fits = [&](int64_t width) { return width > 0 && width <= INT32_MAX && width % attributes.heads == 0; };
  if (!widths.empty() &&
      (widths.size() != 3 || widths[0] != widths[1] || !std::all_of(widths.begin(), widths.end(), fits)))
    return sdk::invalid_model("attribute qkv_hidden_sizes is ", sdk::shape_text(widths),
                              ", expected three multiples of num_heads, ", attributes.heads, ", the first two equal");
  return std::make_unique<MicrosoftAttention>(attributes, std::move(widths));
}

sdk::Result<sdk::KernelPtr> make_quantized_attention(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const MultiHeadAttributes attributes, read_multi_head_attributes(info));
  TN_RETURN_IF_ERROR(check_projected(info));
  return std::make_unique<QuantizedAttention>(attributes);
}

}  // namespace tenon::cpu_ref
