// Resize, called Upsample before opset 10: samples X at the positions that the output's elements map to, along each
// axis on its own: the nearest element, or the linear or cubic interpolation of its neighbours, the edge continued
// outside. The output's size is floor(input * scale) or `sizes`. Nearest sampling takes any element type, the others
// numbers, computed in double; integers are rounded toward zero and kept within their range. Scratch: of the nearest
// the positions of each axis, else twice X or Y, whichever has more elements, as double.
#include <algorithm>
#include <limits>
#include <numeric>
#include <tenon/sdk/geometry/resample.hpp>
#include <tenon/sdk/kernel.hpp>

#include "dispatch.h"
#include "movement/element_mover.h"
#include "parameters.h"

namespace tenon::cpu_ref {
namespace {

using sdk::Interpolation;
using sdk::ResampleAxis;
using sdk::Samples;

constexpr int64_t kPositionsPerLook = 4096;  // at whether the run is to stop

template <typename T>
T rounded(double v) {
  if constexpr (std::is_integral_v<T>) {
    if (!(v > double(std::numeric_limits<T>::min()))) return std::numeric_limits<T>::min();
    if (v >= double(std::numeric_limits<T>::max())) return std::numeric_limits<T>::max();
    return T(v);
  } else {
    return T(Compute<T>(v));
  }
}

class Resize final : public sdk::Kernel {
 public:
  explicit Resize(sdk::Resampling resampling) : node_(std::move(resampling)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const std::vector<ResampleAxis> axes, resolve_axes(run, x));
    sdk::Shape shape;
    for (const ResampleAxis& axis : axes) shape.push_back(axis.output);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, movable_output(run, 0, x.dtype(), shape));
    if (y.count() == 0) return {};
    for (size_t a = 0; a < axes.size(); ++a)
      if (axes[a].input == 0)
        return sdk::invalid_argument("axis ", a, " of X has no elements to sample, expected at least 1");
    if (node_.options.mode == Interpolation::kNearest && !node_.crops()) return pick(run, x, y, axes);
    return visit_numeric(x.dtype(),
                         [&](auto tag) -> sdk::Status { return interpolate<decltype(tag)>(run, x, y, axes); });
  }

 private:
  sdk::Result<std::vector<ResampleAxis>> resolve_axes(sdk::RunContext& run, const sdk::TensorView& x) const {
    const uint32_t scales_input = node_.scales_input();
    const auto has_elements = [&](uint32_t i) { return run.has_input(i) && run.input(i).count() > 0; };
    std::vector<double> scales, roi;
    sdk::Shape sizes;
    sdk::ResampleInputs in;
    if (!node_.has_attribute_scales() && has_elements(scales_input)) {
      TN_ASSIGN_OR_RETURN(scales, read_list(run.input(scales_input), "scales"));
      in.scales = &scales;
    }
    if (node_.has_sizes_input() && has_elements(3)) {
      TN_ASSIGN_OR_RETURN(sizes, read_ints(run.input(3), "sizes"));
      in.sizes = &sizes;
    }
    if (node_.crops() && run.has_input(1)) {
      TN_ASSIGN_OR_RETURN(roi, read_list(run.input(1), "roi"));
      in.roi = &roi;
    }
    return node_.resolve(x.shape(), in, run.has_input(scales_input) || run.has_input(3));
  }

  static sdk::Result<std::vector<double>> read_list(const sdk::TensorView& t, std::string_view name) {
    return read_vector(t, t.rank() == 1 ? t.dim(0) : 0, name);
  }

  /// Nearest sampling: every output element is an element of X.
  sdk::Status pick(sdk::RunContext& run, const sdk::TensorView& x, const sdk::MutableTensorView& y,
                   const std::vector<ResampleAxis>& axes) const {
    const sdk::Shape strides = row_major_strides(x.shape());
    std::vector<int64_t*> from_of(axes.size());  // for each axis, the offset in X of each output position
    for (size_t a = 0; a < axes.size(); ++a) {
      TN_ASSIGN_OR_RETURN(from_of[a], run.scratch<int64_t>(size_t(axes[a].output)));
      const sdk::ResampleOptions options = node_.options_of(axes[a]);
      for (int64_t o = 0; o < axes[a].output; ++o) {
        if (o % kPositionsPerLook == 0 && run.cancelled()) return {};
        from_of[a][o] = sdk::samples_of(options, axes[a], o).first * strides[a];
      }
    }
    ElementMover mover(run, 0, y, x);
    if (axes.empty()) return mover.copy(0, 0, 1);
    const size_t last = axes.size() - 1;
    const int64_t columns = axes[last].output;
    for (int64_t begin = 0, computed = 0; begin < y.count(); begin += columns, computed += columns) {
      if (computed >= kPositionsPerLook) {
        if (run.cancelled()) return {};
        computed = 0;
      }
      int64_t row = begin / columns, from = 0;
      for (size_t a = last; a-- > 0; row /= y.shape()[a]) from += from_of[a][row % y.shape()[a]];
      TN_RETURN_IF_ERROR(mover.gather(begin, from, from_of[last], columns));
    }
    return {};
  }

  /// Resizes one axis after the other, those that shrink most first, so that no step holds more than X or Y.
  template <typename T>
  sdk::Status interpolate(sdk::RunContext& run, const sdk::TensorView& x, const sdk::MutableTensorView& y,
                          const std::vector<ResampleAxis>& axes) const {
    std::vector<size_t> order(axes.size());
    std::iota(order.begin(), order.end(), size_t(0));
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return double(axes[a].output) / double(axes[a].input) < double(axes[b].output) / double(axes[b].input);
    });
    const auto most = size_t(std::max(x.count(), y.count()));
    TN_ASSIGN_OR_RETURN(double* values, run.scratch<double>(most));
    TN_ASSIGN_OR_RETURN(double* next, run.scratch<double>(most));
    std::copy_n(x.data<T>(), x.count(), values);
    sdk::Shape shape = to_shape(x.shape());
    for (size_t a : order) {
      TN_ASSIGN_OR_RETURN(const int64_t outer, product(shape, 0, a));
      TN_ASSIGN_OR_RETURN(const int64_t inner, product(shape, a + 1, shape.size()));
      if (!resize_axis(run, axes[a], outer, inner, values, next)) return {};
      shape[a] = axes[a].output;
      std::swap(values, next);
    }
    for (int64_t i = 0; i < y.count(); ++i) y.data<T>()[i] = rounded<T>(values[i]);
    return {};
  }

  /// From `in` (outer x axis.input x inner) to `out` (outer x axis.output x inner). False: the run is to stop.
  bool resize_axis(sdk::RunContext& run, const ResampleAxis& axis, int64_t outer, int64_t inner, const double* in,
                   double* out) const {
    const sdk::ResampleOptions options = node_.options_of(axis);
    int64_t computed = 0;
    for (int64_t o = 0; o < axis.output; ++o) {
      const Samples s = sdk::samples_of(options, axis, o);
      for (int64_t b = 0; b < outer; ++b, computed += inner * int64_t(1 + s.weights.size())) {
        if (computed >= kPositionsPerLook) {
          if (run.cancelled()) return false;
          computed = 0;
        }
        double* to = out + (b * axis.output + o) * inner;
        std::fill(to, to + inner, s.weights.empty() ? node_.options.extrapolation_value : 0.0);
        for (size_t k = 0; k < s.weights.size(); ++k) {
          if (s.weights[k] == 0) continue;
          const int64_t at = std::clamp<int64_t>(s.first + int64_t(k), 0, axis.input - 1);
          const double* line = in + (b * axis.input + at) * inner;
          for (int64_t i = 0; i < inner; ++i) to[i] += s.weights[k] * line[i];
        }
      }
    }
    return true;
  }

  const sdk::Resampling node_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_resize(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(sdk::Resampling node, sdk::Resampling::parse(info, info.op_type() == "Upsample"));
  // Only where elements are picked as they are, they may be of any type.
  if (node.options.mode != Interpolation::kNearest || node.crops())
    TN_RETURN_IF_ERROR(check_type(NumericTypes{}, info.input(0), "where elements are interpolated"));
  return std::make_unique<Resize>(std::move(node));
}

}  // namespace tenon::cpu_ref
