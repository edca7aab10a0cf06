// GridSample along one axis: which elements of X the position of a grid's point takes its value from. Providers read it
// here, so that they cannot disagree. Pure functions; coordinates may be hostile.
#pragma once

#include <tenon/sdk/geometry/resample.hpp>

namespace tenon::sdk {
inline namespace TENON_SDK_VERSION {

/// What is read outside of the data: zeros, the nearest edge, or the reflection there.
enum class GridOutside { kZeros, kBorder, kReflection };

/// A weighted element of an axis; position -1 stands for zero.
struct GridTap {
  int64_t position;
  double weight;
};

struct GridSampling {
  ResampleOptions options;  // its mode and cubic_a
  GridOutside outside = GridOutside::kZeros;
  bool align_corners = false;

  /// TN_INVALID_MODEL for a mode that there is not.
  template <typename Node>
  static Result<GridSampling> parse(const Node& node) {
    // Opset 16 calls the modes after two dimensions.
    const std::string mode = node.attr_string("mode"), outside = node.attr_string("padding_mode");
    const bool linear = mode == "linear" || mode == "bilinear", cubic = mode == "cubic" || mode == "bicubic";
    if (!linear && !cubic && mode != "nearest")
      return invalid_model("attribute mode is '", mode, "', expected nearest, linear or cubic");
    if (outside != "zeros" && outside != "border" && outside != "reflection")
      return invalid_model("attribute padding_mode is '", outside, "', expected zeros, border or reflection");
    GridSampling g;
    g.options.mode = linear ? Interpolation::kLinear : cubic ? Interpolation::kCubic : Interpolation::kNearest;
    g.outside = outside == "zeros"    ? GridOutside::kZeros
                : outside == "border" ? GridOutside::kBorder
                                      : GridOutside::kReflection;
    g.align_corners = node.attr_int("align_corners") != 0;
    return g;
  }

  /// The shape of Y.
  static Result<Shape> result_shape(ShapeView x, ShapeView grid) {
    if (x.size() < 3 || grid.size() != x.size() || grid[0] != x[0] || grid.back() != static_cast<int64_t>(x.size()) - 2)
      return invalid_argument("inputs X and grid have shapes ", shape_text(x), " and ", shape_text(grid),
                              ", expected N x C x spatial axes and N x as many axes x their number");
    Shape shape{x[0], x[1]};
    shape.insert(shape.end(), grid.begin() + 1, grid.end() - 1);
    return shape;
  }

  static constexpr int kMostTaps = 4;
  /// Writes the taps of `coordinate`, of -1 to 1, along an axis of `size` elements; returns how many.
  int axis_taps(double coordinate, int64_t size, GridTap* taps) const {
    const auto length = static_cast<double>(size);
    const double low = align_corners ? 0 : -0.5, high = length - 1 - low;
    // The specification computes positions in float.
    double x = static_cast<double>(align_corners ? static_cast<float>((coordinate + 1) / 2 * (length - 1))
                                                 : static_cast<float>(((coordinate + 1) * length - 1) / 2));
    if (options.mode == Interpolation::kNearest) x = std::nearbyint(x);
    if (!(x >= low && x <= high)) {
      // Each neighbour is moved to the border, not the position; from 2 elements beyond on, all are the border's.
      if (outside == GridOutside::kBorder) x = std::clamp(x, -3.0, length + 2);
      if (outside == GridOutside::kReflection) x = reflect(x, low, high);
    }
    // Far outside there is nothing but zeros; NaN counts as there.
    if (!(std::abs(x) < 1e15)) x = -1e15;
    if (options.mode == Interpolation::kNearest) {
      taps[0] = {element_at(static_cast<int64_t>(x), size, low, high), 1.0};
      return 1;
    }
    const int64_t reach = options.mode == Interpolation::kLinear ? 1 : 2;
    const auto base = static_cast<int64_t>(std::floor(x));
    int count = 0;
    for (int64_t i = base - reach + 1; i <= base + reach; ++i) {
      const double weight = kernel_weight(options, static_cast<double>(i) - x);
      // What has none does not count, infinite as it may be.
      if (weight != 0) taps[count++] = {element_at(i, size, low, high), weight};
    }
    return count;
  }

 private:
  static double reflect(double x, double low, double high) {
    const double range = high - low;
    if (!(range > 0)) return low;
    const double distance = std::fmod(std::abs(x - low), 2 * range);
    return low + (distance <= range ? distance : 2 * range - distance);
  }

  int64_t element_at(int64_t i, int64_t size, double low, double high) const {
    if (i >= 0 && i < size) return i;
    if (outside == GridOutside::kZeros) return -1;
    if (outside == GridOutside::kBorder) return std::clamp<int64_t>(i, 0, size - 1);
    return std::clamp<int64_t>(static_cast<int64_t>(reflect(static_cast<double>(i), low, high)), 0, size - 1);
  }
};

}  // namespace TENON_SDK_VERSION
}  // namespace tenon::sdk
