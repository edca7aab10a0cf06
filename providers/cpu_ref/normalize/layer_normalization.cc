// LayerNormalization: Y = (X - mean) / sqrt(variance + epsilon) * Scale + B, the statistics taken over the axes from
// `axis` on; Scale and B broadcast to X. Mean and InvStdDev keep X's shape with those axes at 1, in the type that
// stash_type names. RMSNormalization: Y = X / sqrt(mean of X^2 + epsilon) * scale. SimplifiedLayerNormalization: the
// same under its older name, with the inverse deviation of each row as a second output. Y has scale's type and may be
// X.
#include <cmath>
#include <tenon/sdk/geometry/lanes.hpp>

#include "arithmetic.h"
#include "broadcast.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

/// Y = (X - m) / sqrt(v + epsilon) * scale + bias per row of normalized axes. `centers`: m is the mean and v the
/// variance; otherwise m is 0 and v the mean of squares. All is computed in double. Y may be X.
class NormalizeKernel final : public sdk::Kernel {
 public:
  /// TN_INVALID_MODEL where stash_type is no floating-point type.
  static sdk::Result<sdk::KernelPtr> create(const sdk::KernelInfo& info, bool centers);
  NormalizeKernel(const sdk::KernelInfo& info, bool centers)
      : centers_(centers),
        axis_(info.attr_int("axis")),
        epsilon_(info.attr_float("epsilon")),
        statistics_dtype_(static_cast<tn_dtype>(info.attr_int("stash_type"))) {}

  sdk::Status run(sdk::RunContext& run) const override;

 private:
  /// Fills mean and inverse deviation of each row, and the outputs that report them where wanted.
  sdk::Status measure(sdk::RunContext& run, const sdk::TensorView& x, const sdk::Lanes& rows, double* mean,
                      double* inverse) const;
  sdk::Status write_statistics(sdk::RunContext& run, uint32_t output, sdk::ShapeView shape, const double* values,
                               int64_t count) const;

  bool centers_;
  int64_t axis_;
  float epsilon_;
  tn_dtype statistics_dtype_;
};

sdk::Result<sdk::KernelPtr> NormalizeKernel::create(const sdk::KernelInfo& info, bool centers) {
  const int64_t stash = info.attr_int("stash_type");
  if (stash != TN_FLOAT && stash != TN_DOUBLE && stash != TN_FLOAT16 && stash != TN_BFLOAT16)
    return sdk::invalid_model("attribute 'stash_type' is ", stash, ", expected the number of a floating-point type");
  return sdk::KernelPtr(std::make_unique<NormalizeKernel>(info, centers));
}

sdk::Status NormalizeKernel::run(sdk::RunContext& run) const {
  const sdk::TensorView x = run.input(0), scale = run.input(1);
  const bool has_bias = centers_ && run.has_input(2);
  TN_ASSIGN_OR_RETURN(const int64_t axis, normalize_axis(axis_, x.rank()));
  TN_ASSIGN_OR_RETURN(const sdk::Lanes rows, sdk::Lanes::from(x.shape(), axis));
  const sdk::ShapeView parameters[] = {scale.shape(), has_bias ? run.input(2).shape() : sdk::ShapeView()};
  TN_ASSIGN_OR_RETURN(const Broadcast broadcast, Broadcast::create_to(x.shape(), parameters));
  TN_ASSIGN_OR_RETURN(double* const mean, run.scratch<double>(static_cast<size_t>(rows.outer)));
  TN_ASSIGN_OR_RETURN(double* const inverse, run.scratch<double>(static_cast<size_t>(rows.outer)));
  TN_RETURN_IF_ERROR(measure(run, x, rows, mean, inverse));
  TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, scale.dtype(), x.shape()));
  return visit_floats(x.dtype(), [&](auto x_tag) -> sdk::Status {
    return visit_floats(scale.dtype(), [&](auto scale_tag) -> sdk::Status {
      using T = decltype(x_tag);
      using V = decltype(scale_tag);
      const V* bias = has_bias ? run.input(2).data<V>() : nullptr;
      broadcast.for_each_row([&](int64_t begin, int64_t n, const int64_t* at, const int64_t* step) {
        for (int64_t i = 0; i < n; ++i) {
          const int64_t row = (begin + i) / rows.length;
          const double normalized = (double(x.data<T>()[begin + i]) - mean[row]) * inverse[row];
          const double shift = bias ? double(bias[at[1] + i * step[1]]) : 0.0;
          y.template data<V>()[begin + i] =
              from_double<V>(normalized * double(scale.data<V>()[at[0] + i * step[0]]) + shift);
        }
      });
      return {};
    });
  });
}

sdk::Status NormalizeKernel::measure(sdk::RunContext& run, const sdk::TensorView& x, const sdk::Lanes& rows,
                                     double* mean, double* inverse) const {
  TN_RETURN_IF_ERROR(visit_floats(x.dtype(), [&](auto tag) -> sdk::Status {
    using T = decltype(tag);
    const double length = static_cast<double>(rows.length);
    for (int64_t r = 0; r < rows.outer; ++r) {
      const T* row = x.data<T>() + r * rows.length;
      double sum = 0, squares = 0;
      for (int64_t i = 0; centers_ && i < rows.length; ++i) sum += double(row[i]);
      mean[r] = centers_ ? sum / length : 0;
      for (int64_t i = 0; i < rows.length; ++i) {
        const double difference = double(row[i]) - mean[r];
        squares += difference * difference;
      }
      inverse[r] = 1 / std::sqrt(squares / length + double(epsilon_));
    }
    return {};
  }));
  sdk::Shape shape = to_shape(x.shape());
  TN_ASSIGN_OR_RETURN(const int64_t axis, normalize_axis(axis_, x.rank()));
  for (size_t d = static_cast<size_t>(axis); d < shape.size(); ++d) shape[d] = 1;
  if (centers_) TN_RETURN_IF_ERROR(write_statistics(run, 1, shape, mean, rows.outer));
  return write_statistics(run, centers_ ? 2 : 1, shape, inverse, rows.outer);
}

sdk::Status NormalizeKernel::write_statistics(sdk::RunContext& run, uint32_t output, sdk::ShapeView shape,
                                              const double* values, int64_t count) const {
  if (!run.output_wanted(output)) return {};
  TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(output, statistics_dtype_, shape));
  return visit_floats(statistics_dtype_, [&](auto tag) -> sdk::Status {
    for (int64_t i = 0; i < count; ++i) y.template data<decltype(tag)>()[i] = from_double<decltype(tag)>(values[i]);
    return {};
  });
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_layer_normalization(const sdk::KernelInfo& info) {
  return NormalizeKernel::create(info, true);
}

sdk::Result<sdk::KernelPtr> make_rms_normalization(const sdk::KernelInfo& info) {
  return NormalizeKernel::create(info, false);
}

}  // namespace tenon::cpu_ref
