// Resize and Upsample: what their attributes mean, which size each axis gets, and along one axis where each output
// element takes its values from, with which weights. Host rules and providers read it here, so that they cannot
// disagree. Pure functions; sizes and numbers may be hostile.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <tenon/sdk/geometry/axes.hpp>

namespace tenon::sdk {
inline namespace TENON_SDK_VERSION {

enum class Interpolation { kNearest, kLinear, kCubic };

/// How positions of the output map to positions of the input; ONNX's names of the modes.
struct ResampleOptions {
  Interpolation mode = Interpolation::kNearest;
  std::string coordinates = "asymmetric";
  std::string nearest_mode = "floor";
  double cubic_a = -0.75;
  double extrapolation_value = 0;
  bool exclude_outside = false;
  bool antialias = false;
};

/// One axis to be resized: `scaled` is the output's size before it was rounded to `output`. Positions of align_corners
/// and tf_crop_and_resize follow from `output`, as in PyTorch and ONNX Runtime, but for a shrinking align_corners, for
/// which node tests of the standard (test_resize_downsample_scales_*_align_corners) go by `scaled`.
struct ResampleAxis {
  int64_t input, output;
  double scale, scaled;
  double roi_start = 0, roi_end = 1;
};

/// One output element: input elements `first`, `first` + 1 ... clamped to the axis, each with its weight; or, without
/// weights, the extrapolation value.
struct Samples {
  int64_t first;
  std::vector<double> weights;
};

/// The position in the input that output element `o` stands for.
inline double source_position(const ResampleOptions& options, const ResampleAxis& axis, int64_t o) {
  const double x = static_cast<double>(o), last = static_cast<double>(axis.input - 1);
  const std::string& mode = options.coordinates;
  if (mode == "asymmetric") return x / axis.scale;
  if (mode == "tf_half_pixel_for_nn") return (x + 0.5) / axis.scale;
  const double rounded = static_cast<double>(axis.output);
  if (mode == "align_corners") {
    const double size = axis.scale < 1 ? axis.scaled : rounded;
    return size == 1 ? 0 : x * last / (size - 1);
  }
  if (mode == "pytorch_half_pixel") return axis.output > 1 ? (x + 0.5) / axis.scale - 0.5 : 0;
  if (mode == "tf_crop_and_resize") {
    const double extent = (axis.roi_end - axis.roi_start) * last;
    return axis.roi_start * last + (axis.output > 1 ? x * extent / (rounded - 1) : extent / 2);
  }
  const double half_pixel = (x + 0.5) / axis.scale - 0.5;
  if (mode != "half_pixel_symmetric") return half_pixel;
  return half_pixel + static_cast<double>(axis.input) / 2 * (1 - static_cast<double>(axis.output) / axis.scaled);
}

/// The element that stands for position x. Rounded to float first: a scale such as 0.4, which float only nears, then
/// still gives the halves that the modes speak of.
inline double nearest_position(const std::string& mode, double position) {
  const double x = static_cast<double>(static_cast<float>(position));
  if (mode == "floor") return std::floor(x);
  if (mode == "ceil") return std::ceil(x);
  if (mode == "round_prefer_ceil") return std::floor(x + 0.5);
  return std::ceil(x - 0.5);
}

/// The weight of a sample at `distance` from the position.
inline double kernel_weight(const ResampleOptions& options, double distance) {
  const double d = std::abs(distance), a = options.cubic_a;
  if (options.mode == Interpolation::kLinear) return std::max(0.0, 1 - d);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

/// The samples of output element `o`. Antialiasing stretches the kernel by the factor that a smaller output shrinks.
inline Samples samples_of(const ResampleOptions& options, const ResampleAxis& axis, int64_t o) {
  // Positions far outside all clamp to the same edge; bounded, they convert to integers.
  const double position = std::clamp(source_position(options, axis, o), -1e15, 1e15);
  const double x = position == position ? position : 0;
  if (options.coordinates == "tf_crop_and_resize" && !(x >= 0 && x <= static_cast<double>(axis.input - 1)))
    return {0, {}};
  if (options.mode == Interpolation::kNearest) {
    const double nearest =
        std::clamp(nearest_position(options.nearest_mode, x), 0.0, static_cast<double>(axis.input - 1));
    return {static_cast<int64_t>(nearest), {1.0}};
  }
  const double stretch = options.antialias ? std::min(axis.scale, 1.0) : 1.0;
  const double radius =
      std::min((options.mode == Interpolation::kLinear ? 1 : 2) / stretch, static_cast<double>(axis.input) + 4);
  Samples samples{static_cast<int64_t>(std::ceil(x - radius)), {}};
  const int64_t last = static_cast<int64_t>(std::floor(x + radius));
  double sum = 0;
  for (int64_t i = samples.first; i <= last; ++i) {
    const bool outside = i < 0 || i >= axis.input;
    const double weight =
        outside && options.exclude_outside ? 0 : kernel_weight(options, (static_cast<double>(i) - x) * stretch);
    samples.weights.push_back(weight);
    sum += weight;
  }
  if ((options.exclude_outside || options.antialias) && sum != 0)
    for (double& w : samples.weights) w /= sum;
  return samples;
}

/// The inputs beside X, of which each may be null: left out, or without elements.
struct ResampleInputs {
  const std::vector<double>* scales = nullptr;
  const std::vector<int64_t>* sizes = nullptr;
  const std::vector<double>* roi = nullptr;
};

/// A node of Resize or Upsample.
struct Resampling {
  ResampleOptions options;
  int version = 0;
  bool is_upsample = false;
  bool has_axes = false;
  std::vector<int64_t> axes;
  std::string policy = "stretch";
  std::vector<double> attribute_scales;  // where they are an attribute

  /// Which input has the scales, where it is not an attribute; the one before is roi from opset 11 on, the one after
  /// sizes.
  uint32_t scales_input() const { return version < 11 ? 1 : 2; }
  bool has_sizes_input() const { return version >= 11; }
  bool has_attribute_scales() const { return is_upsample && version < 9; }
  bool crops() const { return options.coordinates == "tf_crop_and_resize"; }

  /// TN_INVALID_MODEL for a mode that there is not.
  template <typename Node>
  static Result<Resampling> parse(const Node& node, bool is_upsample) {
    Resampling r;
    r.version = node.since_version();
    r.is_upsample = is_upsample;
    const std::string mode = node.attr_string("mode");
    if (is_upsample && r.version < 7) {
      TN_RETURN_IF_ERROR(check_name("mode", mode, {"nearest", "bilinear"}));
      r.attribute_scales = {1, 1, static_cast<double>(node.attr_float("height_scale")),
                            static_cast<double>(node.attr_float("width_scale"))};
    } else {
      TN_RETURN_IF_ERROR(check_name("mode", mode, {"nearest", "linear", "cubic"}));
      if (is_upsample && r.version < 9)
        for (const float scale : node.attr_floats("scales")) r.attribute_scales.push_back(static_cast<double>(scale));
    }
    if (mode != "nearest") r.options.mode = mode == "cubic" ? Interpolation::kCubic : Interpolation::kLinear;
    if (r.version < 11) return r;
    r.has_axes = node.has_ints("axes");
    r.axes = node.attr_ints("axes");
    r.policy = node.attr_string("keep_aspect_ratio_policy", "stretch");
    r.options.coordinates = node.attr_string("coordinate_transformation_mode");
    r.options.nearest_mode = node.attr_string("nearest_mode");
    r.options.cubic_a = static_cast<double>(node.attr_float("cubic_coeff_a"));
    r.options.extrapolation_value = static_cast<double>(node.attr_float("extrapolation_value"));
    r.options.exclude_outside = node.attr_int("exclude_outside") != 0;
    r.options.antialias = node.attr_int("antialias") != 0;
    TN_RETURN_IF_ERROR(check_name("coordinate_transformation_mode", r.options.coordinates,
                                  {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
                                   "asymmetric", "tf_crop_and_resize", "tf_half_pixel_for_nn"}));
    TN_RETURN_IF_ERROR(check_name("nearest_mode", r.options.nearest_mode,
                                  {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"}));
    TN_RETURN_IF_ERROR(check_name("keep_aspect_ratio_policy", r.policy, {"stretch", "not_larger", "not_smaller"}));
    return r;
  }

  /// Resize of opset 10 rounds up where it shrinks.
  ResampleOptions options_of(const ResampleAxis& axis) const {
    ResampleOptions of_axis = options;
    if (!is_upsample && version < 11 && axis.scale < 1) of_axis.nearest_mode = "ceil";
    return of_axis;
  }

  /// The axes that scales, sizes and roi are of, in their order.
  Result<std::vector<size_t>> chosen_axes(size_t rank) const {
    std::vector<int64_t> named = axes;
    if (!has_axes)
      for (size_t a = 0; a < rank; ++a) named.push_back(static_cast<int64_t>(a));
    return distinct_axes(named, rank);
  }

  /// Every axis of X; those that are not resized have scale 1. `is_stated`: scales or sizes are there, if without
  /// elements: of no axis either list has nothing, but one of them must be there.
  Result<std::vector<ResampleAxis>> resolve(ShapeView x, const ResampleInputs& given, bool is_stated) const {
    ResampleInputs in = given;
    if (has_attribute_scales()) in.scales = &attribute_scales, is_stated = true;
    TN_ASSIGN_OR_RETURN(const std::vector<size_t> chosen, chosen_axes(x.size()));
    std::vector<ResampleAxis> all;
    for (const int64_t d : x) all.push_back({d, d, 1.0, static_cast<double>(d)});
    const bool has_scales = in.scales != nullptr, has_sizes = in.sizes != nullptr;
    if ((has_scales == has_sizes && !chosen.empty()) || !is_stated)
      return invalid_argument("inputs scales and sizes are ", has_scales ? "both given" : "both empty",
                              ", expected exactly one");
    if (crops()) {
      if (in.roi == nullptr) return invalid_argument("tf_crop_and_resize needs input roi");
      TN_RETURN_IF_ERROR(check_count("roi", in.roi->size(), 2 * chosen.size()));
      for (size_t i = 0; i < chosen.size(); ++i) {
        all[chosen[i]].roi_start = (*in.roi)[i];
        all[chosen[i]].roi_end = (*in.roi)[chosen.size() + i];
      }
    }
    if (has_sizes) {
      TN_RETURN_IF_ERROR(apply_sizes(*in.sizes, chosen, all));
    } else if (has_scales) {
      TN_RETURN_IF_ERROR(apply_scales(*in.scales, chosen, all));
    }
    return all;
  }

 private:
  static Status check_name(const char* attribute, const std::string& name, std::initializer_list<const char*> known) {
    std::string list;
    for (const char* k : known) {
      if (name == k) return {};
      list += (list.empty() ? "" : ", ") + std::string(k);
    }
    return invalid_model("attribute ", attribute, " is '", name, "', expected one of ", list);
  }

  static Status check_count(const char* name, size_t count, size_t expected) {
    if (count == expected) return {};
    return invalid_argument(name, " has ", count, " values, expected ", expected);
  }

  Status apply_scales(const std::vector<double>& scales, const std::vector<size_t>& chosen,
                      std::vector<ResampleAxis>& all) const {
    TN_RETURN_IF_ERROR(check_count("scales", scales.size(), chosen.size()));
    for (size_t i = 0; i < scales.size(); ++i) {
      ResampleAxis& axis = all[chosen[i]];
      // In float, as the specification's own shape inference computes it.
      const float size = std::floor(static_cast<float>(axis.input) * static_cast<float>(axis.roi_end - axis.roi_start) *
                                    static_cast<float>(scales[i]));
      if (!(scales[i] > 0) || !(size >= 0 && size < 9e15f))
        return invalid_argument("the scale of axis ", chosen[i], " of size ", axis.input, " is ", scales[i],
                                ", expected a number above 0 that gives a size");
      axis.scale = scales[i];
      axis.scaled = static_cast<double>(axis.input) * scales[i];
      axis.output = static_cast<int64_t>(size);
    }
    return {};
  }

  Status apply_sizes(const std::vector<int64_t>& sizes, const std::vector<size_t>& chosen,
                     std::vector<ResampleAxis>& all) const {
    TN_RETURN_IF_ERROR(check_count("sizes", sizes.size(), chosen.size()));
    double least = std::numeric_limits<double>::infinity(), most = 0;
    for (size_t i = 0; i < sizes.size(); ++i) {
      ResampleAxis& axis = all[chosen[i]];
      if (sizes[i] < 0 || axis.input == 0)
        return invalid_argument("axis ", chosen[i], " cannot be resized from ", axis.input, " to ", sizes[i],
                                ", expected one with elements, and 0 or more");
      axis.output = sizes[i];
      axis.scale = static_cast<double>(sizes[i]) / static_cast<double>(axis.input);
      axis.scaled = static_cast<double>(sizes[i]);
      least = std::min(least, axis.scale);
      most = std::max(most, axis.scale);
    }
    if (policy == "stretch") return {};
    for (const size_t a : chosen) {
      ResampleAxis& axis = all[a];
      axis.scale = policy == "not_larger" ? least : most;
      axis.scaled = axis.scale * static_cast<double>(axis.input);
      if (!(axis.scaled < 9e15)) return invalid_argument("axis ", a, " would have size ", axis.scaled);
      axis.output = static_cast<int64_t>(std::floor(axis.scaled + 0.5));
    }
    return {};
  }
};

}  // namespace TENON_SDK_VERSION
}  // namespace tenon::sdk
