// GridSample: Y[n, c, o] = X[n, c] sampled at the position grid[n, o], one coordinate per spatial axis, the last axis
// first, where -1 and 1 stand for the outer edges of the data (with align_corners: the centres of its outer elements).
// Sampling is nearest (halves to even), linear or cubic; positions outside the data read zeros, the nearest edge, or
// the reflection there. X: N x C x D1..., grid: N x o1 x ... x rank. Nearest sampling takes any element type, the
// others numbers, computed in double.
#include <algorithm>
#include <cmath>
#include <limits>
#include <tenon/sdk/geometry/resample.hpp>
#include <tenon/sdk/kernel.hpp>

#include "dispatch.h"
#include "held_tensor.h"
#include "movement/element_mover.h"

namespace tenon::cpu_ref {
namespace {

using sdk::Interpolation;
using sdk::ResampleOptions;

enum class Outside { kZeros, kBorder, kReflection };

/// A weighted element of one channel's plane; position -1 stands for zero.
struct Tap {
  int64_t position;
  double weight;
};

double reflect(double x, double low, double high) {
  const double range = high - low;
  if (!(range > 0)) return low;
  const double distance = std::fmod(std::abs(x - low), 2 * range);
  return low + (distance <= range ? distance : 2 * range - distance);
}

class GridSample final : public sdk::Kernel {
 public:
  GridSample(const sdk::KernelInfo& info, Interpolation mode, Outside outside)
      : outside_(outside), align_corners_(info.attr_int("align_corners") != 0) {
    options_.mode = mode;
  }

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), grid = run.input(1);
    const int64_t spatial = x.rank() - 2;
    if (spatial < 1 || grid.rank() != x.rank() || grid.dim(0) != x.dim(0) || grid.dim(grid.rank() - 1) != spatial)
      return sdk::invalid_argument("inputs X and grid have shapes ", sdk::shape_text(x.shape()), " and ",
                                   sdk::shape_text(grid.shape()),
                                   ", expected N x C x spatial axes and N x as many axes x their number");
    sdk::Shape shape{x.dim(0), x.dim(1)};
    shape.insert(shape.end(), grid.shape().begin() + 1, grid.shape().end() - 1);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, movable_output(run, 0, x.dtype(), shape));
    if (y.count() == 0) return {};
    if (x.count() == 0 && outside_ != Outside::kZeros)
      return sdk::invalid_argument("input X has no elements to sample, expected at least 1");
    return visit_floats(grid.dtype(), [&](auto tag) -> sdk::Status { return sample<decltype(tag)>(run, x, grid, y); });
  }

 private:
  template <typename G>
  sdk::Status sample(sdk::RunContext& run, const sdk::TensorView& x, const sdk::TensorView& grid,
                     const sdk::MutableTensorView& y) const {
    const size_t spatial = size_t(x.rank() - 2);
    const sdk::ShapeView dims = x.shape().subspan(2, spatial);
    TN_ASSIGN_OR_RETURN(const int64_t in_plane, product(dims, 0, spatial));
    const int64_t channels = x.dim(1), points = y.count() / (x.dim(0) * channels);
    const std::unique_ptr<HeldTensor> zero = HeldTensor::zero(x.dtype());
    ElementMover data(run, 0, y, x), zeros(run, 0, y, zero->view());
    std::vector<Tap> taps;
    for (int64_t p = 0; p < x.dim(0) * points; ++p) {
      if (run.cancelled()) return {};
      find_taps(grid.data<G>() + p * int64_t(spatial), dims, taps);
      const int64_t n = p / points;
      for (int64_t plane = n * channels; plane < (n + 1) * channels; ++plane) {
        const int64_t to = plane * points + p % points;
        if (options_.mode != Interpolation::kNearest) {
          TN_RETURN_IF_ERROR(interpolate(x, plane * in_plane, taps, y, to));
        } else if (taps[0].position < 0) {
          TN_RETURN_IF_ERROR(zeros.copy(to, 0, 1));
        } else {
          TN_RETURN_IF_ERROR(data.copy(to, plane * in_plane + taps[0].position, 1));
        }
      }
    }
    return {};
  }

  /// The taps of one point of the grid: the products of those along each axis.
  template <typename G>
  void find_taps(const G* point, sdk::ShapeView dims, std::vector<Tap>& taps) const {
    taps.assign(1, Tap{0, 1.0});
    for (size_t a = 0; a < dims.size(); ++a) {
      std::vector<Tap> with_axis;
      const std::vector<Tap> along = axis_taps(double(point[dims.size() - 1 - a]), dims[a]);
      for (const Tap& outer : taps)
        for (const Tap& t : along)
          with_axis.push_back({outer.position < 0 || t.position < 0 ? -1 : outer.position * dims[a] + t.position,
                               outer.weight * t.weight});
      taps = std::move(with_axis);
    }
  }

  std::vector<Tap> axis_taps(double coordinate, int64_t size) const {
    const double length = double(size), low = align_corners_ ? 0 : -0.5, high = length - 1 - low;
    // The specification computes positions in float.
    float position =
        align_corners_ ? float((coordinate + 1) / 2 * (length - 1)) : float(((coordinate + 1) * length - 1) / 2);
    if (options_.mode == Interpolation::kNearest) position = std::nearbyint(position);
    double x = position;
    if (!(x >= low && x <= high)) {
      // Each neighbour is moved to the border, not the position; from 2 elements beyond on, all are the border's.
      if (outside_ == Outside::kBorder) x = std::clamp(x, -3.0, length + 2);
      if (outside_ == Outside::kReflection) x = reflect(x, low, high);
    }
    // Far outside there is nothing but zeros; NaN counts as there.
    if (!(std::abs(x) < 1e15)) x = -1e15;
    if (options_.mode == Interpolation::kNearest) return {{element_at(int64_t(x), size, low, high), 1.0}};
    const int64_t reach = options_.mode == Interpolation::kLinear ? 1 : 2;
    std::vector<Tap> taps;
    const int64_t base = int64_t(std::floor(x));
    for (int64_t i = base - reach + 1; i <= base + reach; ++i) {
      const double weight = kernel_weight(options_, double(i) - x);
      // What has none does not count, infinite as it may be.
      if (weight != 0) taps.push_back({element_at(i, size, low, high), weight});
    }
    return taps;
  }

  int64_t element_at(int64_t i, int64_t size, double low, double high) const {
    if (i >= 0 && i < size) return i;
    if (outside_ == Outside::kZeros) return -1;
    if (outside_ == Outside::kBorder) return std::clamp<int64_t>(i, 0, size - 1);
    return std::clamp<int64_t>(int64_t(reflect(double(i), low, high)), 0, size - 1);
  }

  sdk::Status interpolate(const sdk::TensorView& x, int64_t plane, const std::vector<Tap>& taps,
                          const sdk::MutableTensorView& y, int64_t to) const {
    return visit_numeric(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      double sum = 0;
      for (const Tap& t : taps)
        if (t.position >= 0) sum += t.weight * double(x.data<T>()[plane + t.position]);
      if constexpr (std::is_integral_v<T>) {
        const double limit = double(std::numeric_limits<T>::max()), least = double(std::numeric_limits<T>::min());
        y.data<T>()[to] = sum >= limit ? std::numeric_limits<T>::max() : T(sum > least ? sum : least);
      } else {
        y.data<T>()[to] = T(Compute<T>(sum));
      }
      return {};
    });
  }

  ResampleOptions options_;
  Outside outside_;
  bool align_corners_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_grid_sample(const sdk::KernelInfo& info) {
  // Opset 16 calls the modes after two dimensions.
  const std::string mode = info.attr_string("mode"), outside = info.attr_string("padding_mode");
  const bool linear = mode == "linear" || mode == "bilinear", cubic = mode == "cubic" || mode == "bicubic";
  if (!linear && !cubic && mode != "nearest")
    return sdk::invalid_model("attribute mode is '", mode, "', expected nearest, linear or cubic");
  if (outside != "zeros" && outside != "border" && outside != "reflection")
    return sdk::invalid_model("attribute padding_mode is '", outside, "', expected zeros, border or reflection");
  // In com.microsoft it is of the type of X.
  TN_RETURN_IF_ERROR(check_type(FloatTypes{}, info.input(1), "of a grid"));
  if (linear || cubic) TN_RETURN_IF_ERROR(check_type(NumericTypes{}, info.input(0), "where elements are interpolated"));
  return std::make_unique<GridSample>(info,
                                      linear  ? Interpolation::kLinear
                                      : cubic ? Interpolation::kCubic
                                              : Interpolation::kNearest,
                                      outside == "zeros"    ? Outside::kZeros
                                      : outside == "border" ? Outside::kBorder
                                                            : Outside::kReflection);
}

}  // namespace tenon::cpu_ref
