// GridSample: Y[n, c, o] = X[n, c] sampled at the position grid[n, o], one coordinate per spatial axis, the last axis
// first, where -1 and 1 stand for the outer edges of the data (with align_corners: the centres of its outer elements).
// Sampling is nearest (halves to even), linear or cubic; positions outside the data read zeros, the nearest edge, or
// the reflection there. X: N x C x D1..., grid: N x o1 x ... x rank. Nearest sampling takes any element type, the
// others numbers, computed in double.
#include <algorithm>
#include <cmath>
#include <limits>
#include <tenon/sdk/geometry/grid_sample.hpp>
#include <tenon/sdk/kernel.hpp>

#include "dispatch.h"
#include "held_tensor.h"
#include "movement/element_mover.h"

namespace tenon::cpu_ref {
namespace {

using sdk::Interpolation;
using Tap = sdk::GridTap;
using Outside = sdk::GridOutside;

class GridSample final : public sdk::Kernel {
 public:
  explicit GridSample(const sdk::GridSampling& sampling) : sampling_(sampling) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), grid = run.input(1);
    TN_ASSIGN_OR_RETURN(const sdk::Shape shape, sdk::GridSampling::result_shape(x.shape(), grid.shape()));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, movable_output(run, 0, x.dtype(), shape));
    if (y.count() == 0) return {};
    if (x.count() == 0 && sampling_.outside != Outside::kZeros)
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
        if (sampling_.options.mode != Interpolation::kNearest) {
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
      Tap along[sdk::GridSampling::kMostTaps];
      const int count = sampling_.axis_taps(double(point[dims.size() - 1 - a]), dims[a], along);
      for (const Tap& outer : taps)
        for (const Tap& t : sdk::Span<const Tap>(along, size_t(count)))
          with_axis.push_back({outer.position < 0 || t.position < 0 ? -1 : outer.position * dims[a] + t.position,
                               outer.weight * t.weight});
      taps = std::move(with_axis);
    }
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

  const sdk::GridSampling sampling_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_grid_sample(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const sdk::GridSampling sampling, sdk::GridSampling::parse(info));
  // In com.microsoft it is of the type of X.
  TN_RETURN_IF_ERROR(check_type(FloatTypes{}, info.input(1), "of a grid"));
  if (sampling.options.mode != Interpolation::kNearest)
    TN_RETURN_IF_ERROR(check_type(NumericTypes{}, info.input(0), "where elements are interpolated"));
  return std::make_unique<GridSample>(sampling);
}

}  // namespace tenon::cpu_ref
