// Resize, called Upsample before opset 10: samples X at the positions that the output's elements map to, along each
// axis on its own: the nearest element, or the linear or cubic interpolation of its neighbours, the edge continued
// outside. The output's size is floor(input * scale) or `sizes`. Nearest sampling takes any element type, the others
// numbers, computed in double; integers are rounded toward zero and kept within their range. Scratch: of the nearest
// the positions of each axis, else twice X or Y, whichever has more elements, as double.
#include <algorithm>
#include <limits>
#include <numeric>

#include "dispatch.h"
#include "movement/element_mover.h"
#include "parameters.h"
#include "window/resample.h"

namespace tenon::cpu_ref {
namespace {

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
  Resize(const sdk::KernelInfo& info, ResampleOptions options)
      : options_(std::move(options)),
        version_(info.since_version()),
        upsample_(info.is("Upsample")),
        attribute_scales_(info.attr_floats("scales")),
        has_axes_(info.has_ints("axes")),
        axes_(info.attr_ints("axes")),
        policy_(info.attr_string("keep_aspect_ratio_policy", "stretch")) {
    if (upsample_ && version_ < 7)
      attribute_scales_ = {1, 1, info.attr_float("height_scale"), info.attr_float("width_scale")};
  }

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
    const bool crops = options_.coordinates == "tf_crop_and_resize";
    if (options_.mode == Interpolation::kNearest && !crops) return pick(run, x, y, axes);
    return visit_numeric(x.dtype(),
                         [&](auto tag) -> sdk::Status { return interpolate<decltype(tag)>(run, x, y, axes); });
  }

 private:
  /// Resize of opset 10 rounds up where it shrinks.
  ResampleOptions options_of(const ResampleAxis& axis) const {
    ResampleOptions options = options_;
    if (!upsample_ && version_ < 11 && axis.scale < 1) options.nearest_mode = "ceil";
    return options;
  }

  sdk::Result<std::vector<ResampleAxis>> resolve_axes(sdk::RunContext& run, const sdk::TensorView& x) const {
    sdk::Shape chosen = axes_;
    if (!has_axes_)
      for (int64_t a = 0; a < x.rank(); ++a) chosen.push_back(a);
    TN_ASSIGN_OR_RETURN(chosen, normalize_axes(chosen, x.rank()));
    std::vector<ResampleAxis> axes;
    for (int64_t d : x.shape()) axes.push_back({d, d, 1.0, double(d)});
    const uint32_t scales_input = version_ < 11 ? 1 : 2;
    const bool attribute = upsample_ && version_ < 9;
    const bool has_scales = attribute || (run.has_input(scales_input) && run.input(scales_input).count() > 0);
    const bool has_sizes = version_ >= 11 && run.has_input(3) && run.input(3).count() > 0;
    // Of no axis either list has nothing, but one of them must be there.
    const bool is_stated = attribute || run.has_input(scales_input) || run.has_input(3);
    if ((has_scales == has_sizes && !chosen.empty()) || !is_stated)
      return sdk::invalid_argument("inputs scales and sizes are ", has_scales ? "both given" : "both empty",
                                   ", expected exactly one");
    TN_RETURN_IF_ERROR(read_roi(run, chosen, axes));
    if (has_sizes) {
      TN_RETURN_IF_ERROR(apply_sizes(run.input(3), chosen, axes));
    } else if (has_scales) {
      std::vector<double> scales(attribute_scales_.begin(), attribute_scales_.end());
      if (!attribute) {
        TN_ASSIGN_OR_RETURN(scales, read_vector(run.input(scales_input), int64_t(chosen.size()), "scales"));
      }
      TN_RETURN_IF_ERROR(apply_scales(scales, chosen, axes));
    }
    return axes;
  }

  sdk::Status read_roi(sdk::RunContext& run, const sdk::Shape& chosen, std::vector<ResampleAxis>& axes) const {
    if (options_.coordinates != "tf_crop_and_resize") return {};
    if (!run.has_input(1)) return sdk::invalid_argument("tf_crop_and_resize needs input roi");
    TN_ASSIGN_OR_RETURN(const std::vector<double> roi, read_vector(run.input(1), 2 * int64_t(chosen.size()), "roi"));
    for (size_t i = 0; i < chosen.size(); ++i) {
      axes[size_t(chosen[i])].roi_start = roi[i];
      axes[size_t(chosen[i])].roi_end = roi[chosen.size() + i];
    }
    return {};
  }

  sdk::Status apply_scales(const std::vector<double>& scales, const sdk::Shape& chosen,
                           std::vector<ResampleAxis>& axes) const {
    if (scales.size() != chosen.size())
      return sdk::invalid_argument("scales has ", scales.size(), " values, expected ", chosen.size(), ", one per axis");
    for (size_t i = 0; i < scales.size(); ++i) {
      ResampleAxis& axis = axes[size_t(chosen[i])];
      // In float, as the specification's own shape inference computes it.
      const float size = std::floor(float(axis.input) * float(axis.roi_end - axis.roi_start) * float(scales[i]));
      if (!(scales[i] > 0) || !(size >= 0 && size < 9e15f))
        return sdk::invalid_argument("the scale of axis ", chosen[i], " of size ", axis.input, " is ", scales[i],
                                     ", expected a number above 0 that gives a size");
      axis.scale = scales[i];
      axis.scaled = double(axis.input) * scales[i];
      axis.output = int64_t(size);
    }
    return {};
  }

  sdk::Status apply_sizes(const sdk::TensorView& input, const sdk::Shape& chosen,
                          std::vector<ResampleAxis>& axes) const {
    TN_ASSIGN_OR_RETURN(const sdk::Shape sizes, read_ints(input, "sizes"));
    if (sizes.size() != chosen.size())
      return sdk::invalid_argument("sizes has ", sizes.size(), " values, expected ", chosen.size(), ", one per axis");
    double least = std::numeric_limits<double>::infinity(), most = 0;
    for (size_t i = 0; i < sizes.size(); ++i) {
      ResampleAxis& axis = axes[size_t(chosen[i])];
      if (sizes[i] < 0 || axis.input == 0)
        return sdk::invalid_argument("axis ", chosen[i], " cannot be resized from ", axis.input, " to ", sizes[i],
                                     ", expected one with elements, and 0 or more");
      axis.output = sizes[i];
      axis.scale = double(sizes[i]) / double(axis.input);
      axis.scaled = double(sizes[i]);
      least = std::min(least, axis.scale);
      most = std::max(most, axis.scale);
    }
    if (policy_ == "stretch") return {};
    for (int64_t a : chosen) {
      ResampleAxis& axis = axes[size_t(a)];
      axis.scale = policy_ == "not_larger" ? least : most;
      axis.scaled = axis.scale * double(axis.input);
      if (!(axis.scaled < 9e15)) return sdk::invalid_argument("axis ", a, " would have size ", axis.scaled);
      axis.output = int64_t(std::floor(axis.scaled + 0.5));
    }
    return {};
  }

  /// Nearest sampling: every output element is an element of X.
  sdk::Status pick(sdk::RunContext& run, const sdk::TensorView& x, const sdk::MutableTensorView& y,
                   const std::vector<ResampleAxis>& axes) const {
    const sdk::Shape strides = row_major_strides(x.shape());
    std::vector<int64_t*> from_of(axes.size());  // for each axis, the offset in X of each output position
    for (size_t a = 0; a < axes.size(); ++a) {
      TN_ASSIGN_OR_RETURN(from_of[a], run.scratch<int64_t>(size_t(axes[a].output)));
      const ResampleOptions options = options_of(axes[a]);
      for (int64_t o = 0; o < axes[a].output; ++o) {
        if (o % kPositionsPerLook == 0 && run.cancelled()) return {};
        from_of[a][o] = samples_of(options, axes[a], o).first * strides[a];
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
    const ResampleOptions options = options_of(axis);
    int64_t computed = 0;
    for (int64_t o = 0; o < axis.output; ++o) {
      const Samples s = samples_of(options, axis, o);
      for (int64_t b = 0; b < outer; ++b, computed += inner * int64_t(1 + s.weights.size())) {
        if (computed >= kPositionsPerLook) {
          if (run.cancelled()) return false;
          computed = 0;
        }
        double* to = out + (b * axis.output + o) * inner;
        std::fill(to, to + inner, s.weights.empty() ? options_.extrapolation_value : 0.0);
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

  ResampleOptions options_;
  int version_;
  bool upsample_;
  std::vector<float> attribute_scales_;
  bool has_axes_;
  sdk::Shape axes_;
  std::string policy_;
};

sdk::Status check_name(const char* attribute, const std::string& name, std::initializer_list<const char*> known) {
  std::string list;
  for (const char* k : known) {
    if (name == k) return {};
    list += (list.empty() ? "" : ", ") + std::string(k);
  }
  return sdk::invalid_model("attribute ", attribute, " is '", name, "', expected one of ", list);
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_resize(const sdk::KernelInfo& info) {
  ResampleOptions options;
  const std::string mode = info.attr_string("mode");
  if (info.is("Upsample") && info.since_version() < 7) {
    TN_RETURN_IF_ERROR(check_name("mode", mode, {"nearest", "bilinear"}));
  } else {
    TN_RETURN_IF_ERROR(check_name("mode", mode, {"nearest", "linear", "cubic"}));
  }
  if (mode != "nearest") options.mode = mode == "cubic" ? Interpolation::kCubic : Interpolation::kLinear;
  if (info.since_version() >= 11) {
    options.coordinates = info.attr_string("coordinate_transformation_mode");
    options.nearest_mode = info.attr_string("nearest_mode");
    options.cubic_a = info.attr_float("cubic_coeff_a");
    options.extrapolation_value = info.attr_float("extrapolation_value");
    options.exclude_outside = info.attr_int("exclude_outside") != 0;
    options.antialias = info.attr_int("antialias") != 0;
    TN_RETURN_IF_ERROR(check_name("coordinate_transformation_mode", options.coordinates,
                                  {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
                                   "asymmetric", "tf_crop_and_resize", "tf_half_pixel_for_nn"}));
    TN_RETURN_IF_ERROR(
        check_name("nearest_mode", options.nearest_mode, {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"}));
    TN_RETURN_IF_ERROR(check_name("keep_aspect_ratio_policy", info.attr_string("keep_aspect_ratio_policy", "stretch"),
                                  {"stretch", "not_larger", "not_smaller"}));
  }
  // Only where elements are picked as they are, they may be of any type.
  if (options.mode != Interpolation::kNearest || options.coordinates == "tf_crop_and_resize")
    TN_RETURN_IF_ERROR(check_type(NumericTypes{}, info.input(0), "where elements are interpolated"));
  return std::make_unique<Resize>(info, std::move(options));
}

}  // namespace tenon::cpu_ref
