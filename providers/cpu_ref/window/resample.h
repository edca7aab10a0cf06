// The interpolation weights of Resize and Upsample along one axis: where each output element takes its values from.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <tenon/sdk/kernel.hpp>

namespace tenon::cpu_ref {

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
  const double x = double(o), last = double(axis.input - 1);
  const std::string& mode = options.coordinates;
  if (mode == "asymmetric") return x / axis.scale;
  if (mode == "tf_half_pixel_for_nn") return (x + 0.5) / axis.scale;
  const double rounded = double(axis.output);
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
  return half_pixel + double(axis.input) / 2 * (1 - double(axis.output) / axis.scaled);
}

/// The element that stands for position x. Rounded to float first: a scale such as 0.4, which float only nears, then
/// still gives the halves that the modes speak of.
inline double nearest_position(const std::string& mode, double position) {
  const double x = float(position);
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
  if (options.coordinates == "tf_crop_and_resize" && !(x >= 0 && x <= double(axis.input - 1))) return {0, {}};
  if (options.mode == Interpolation::kNearest) {
    const double nearest = std::clamp(nearest_position(options.nearest_mode, x), 0.0, double(axis.input - 1));
    return {int64_t(nearest), {1.0}};
  }
  const double stretch = options.antialias ? std::min(axis.scale, 1.0) : 1.0;
  const double radius = std::min((options.mode == Interpolation::kLinear ? 1 : 2) / stretch, double(axis.input) + 4);
  Samples samples{int64_t(std::ceil(x - radius)), {}};
  const int64_t last = int64_t(std::floor(x + radius));
  double sum = 0;
  for (int64_t i = samples.first; i <= last; ++i) {
    const bool outside = i < 0 || i >= axis.input;
    const double weight = outside && options.exclude_outside ? 0 : kernel_weight(options, (double(i) - x) * stretch);
    samples.weights.push_back(weight);
    sum += weight;
  }
  if ((options.exclude_outside || options.antialias) && sum != 0)
    for (double& w : samples.weights) w /= sum;
  return samples;
}

}  // namespace tenon::cpu_ref
