// GridSample over one or two spatial dimensions, nearest and linear: where the points of an image's grid take their
// values from is worked out once, and then gathered from each channel. Cubic sampling is cpu_ref's. Scratch: four
// indices and weights for each point of one image.
#include <algorithm>
#include <tenon/sdk/geometry/grid_sample.hpp>

#include "common.h"
#include "simd/resize.h"

namespace tenon::cpu_blas {
namespace {

class GridSample final : public sdk::Kernel {
 public:
  GridSample(std::string node, const sdk::GridSampling& sampling) : node_(std::move(node)), sampling_(sampling) {}
  sdk::Status run(sdk::RunContext& run) const override;

 private:
  /// The table's places, for points whose spatial coordinates lie at `grid`.
  struct Table {
    int taps;
    int64_t points;
    int32_t* at;
    float* weights;
    uint8_t* is_empty;  // of each point: it lies outside, where there are zeros
  };
  void place_point(const Table& table, int64_t point, const float* grid, sdk::ShapeView dims) const;

  std::string node_;
  sdk::GridSampling sampling_;
};

void GridSample::place_point(const Table& table, int64_t point, const float* grid, sdk::ShapeView dims) const {
  sdk::GridTap rows[sdk::GridSampling::kMostTaps] = {{0, 1.0}}, columns[sdk::GridSampling::kMostTaps];
  const bool is_plane = dims.size() == 2;
  const int row_count = is_plane ? sampling_.axis_taps(static_cast<double>(grid[1]), dims[0], rows) : 1;
  const int column_count = sampling_.axis_taps(static_cast<double>(grid[0]), dims.back(), columns);
  int count = 0;
  for (int i = 0; i < row_count; ++i)
    for (int j = 0; j < column_count; ++j) {
      if (rows[i].position < 0 || columns[j].position < 0) continue;
      const int64_t place = count++ * table.points + point;
      table.at[place] = static_cast<int32_t>(rows[i].position * dims.back() + columns[j].position);
      table.weights[place] = static_cast<float>(rows[i].weight * columns[j].weight);
    }
  table.is_empty[point] = count == 0;
  if (count == 0) table.at[point] = 0, table.weights[point] = 0, ++count;
  // The last one in equal parts, since 0 times an infinite element would be NaN.
  for (; count < table.taps; ++count) {
    const int64_t place = count * table.points + point, last = place - table.points;
    table.at[place] = table.at[last];
    table.weights[place] = table.weights[last] *= 0.5f;
  }
}

sdk::Status GridSample::run(sdk::RunContext& run) const {
  const sdk::TensorView x = run.input(0), grid = run.input(1);
  TN_ASSIGN_OR_RETURN(const sdk::Shape shape, sdk::GridSampling::result_shape(x.shape(), grid.shape()));
  TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_FLOAT, shape));
  if (y.count() == 0) return {};
  if (x.count() == 0) {
    if (sampling_.outside != sdk::GridOutside::kZeros)
      return sdk::invalid_argument("input X has no elements to sample, expected at least 1");
    std::fill_n(y.data<float>(), y.count(), 0.0f);
    return {};
  }
  const size_t spatial = shape.size() - 2;
  const sdk::ShapeView dims = x.shape().subspan(2, spatial);
  const int64_t channels = x.dim(1), plane = extent(x.shape(), 2, x.rank()), points = extent(shape, 2, x.rank());
  if (spatial > 2 || plane > INT32_MAX)
    return sdk::unsupported(node_, ": X is ", sdk::shape_text(x.shape()),
                            ", expected one or two spatial dimensions of less than 2^31 elements");
  const int taps = sampling_.options.mode == sdk::Interpolation::kNearest ? 1 : spatial == 1 ? 2 : 4;
  Table table{taps, points, nullptr, nullptr, nullptr};
  TN_ASSIGN_OR_RETURN(table.at, run.scratch<int32_t>(static_cast<size_t>(taps) * static_cast<size_t>(points)));
  TN_ASSIGN_OR_RETURN(table.weights, run.scratch<float>(static_cast<size_t>(taps) * static_cast<size_t>(points)));
  TN_ASSIGN_OR_RETURN(table.is_empty, run.scratch<uint8_t>(static_cast<size_t>(points)));
  const simd::AxisTable axis{taps, points, table.at, table.weights, 1};
  for (int64_t n = 0; n < x.dim(0) && !run.cancelled(); ++n) {
    const float* const coordinates = grid.data<float>() + n * points * static_cast<int64_t>(spatial);
    // Where this fails the places are not there to be read from.
    TN_RETURN_IF_ERROR(run.parallel_for(points, 40, [&](int64_t begin, int64_t end) -> sdk::Status {
      for (int64_t p = begin; p < end; ++p)
        place_point(table, p, coordinates + p * static_cast<int64_t>(spatial), dims);
      return {};
    }));
    run.parallel_for(channels, static_cast<double>(points * taps), [&](int64_t begin, int64_t end) {
      for (int64_t c = n * channels + begin; c < n * channels + end; ++c) {
        float* const to = y.data<float>() + c * points;
        simd::resize_row(axis, x.data<float>() + c * plane, to);
        for (int64_t p = 0; p < points; ++p)
          if (table.is_empty[p] != 0) to[p] = 0;
      }
    });
  }
  return {};
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_grid_sample(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const sdk::GridSampling sampling, sdk::GridSampling::parse(info));
  if (sampling.options.mode == sdk::Interpolation::kCubic)
    return sdk::unsupported(describe(info), ": cubic sampling, which only cpu_ref computes");
  const sdk::TensorView x = info.input(0).info(), grid = info.input(1).info();
  const int64_t rank = x.has_rank() ? x.rank() : grid.has_rank() ? grid.rank() : 0;
  if (rank < 3 || rank > 4)
    return sdk::unsupported(describe(info), ": X is not known to have rank 3 or 4, which cpu_ref does without");
  return sdk::KernelPtr(std::make_unique<GridSample>(describe(info), sampling));
}

}  // namespace tenon::cpu_blas
