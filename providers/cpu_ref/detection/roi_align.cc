// RoiAlign: each region of X (N x C x H x W), rois as x1, y1, x2, y2 times spatial_scale, is cut into output_height x
// output_width bins; a bin is the mean or the greatest of a grid of points that X is interpolated at. The grid has
// sampling_ratio points along each axis of a bin, or with 0 a point for each element that the bin covers. Points more
// than one element outside of X are 0. The greatest is sought, as in the standard's tests, among the four neighbours of
// each point times their weights, which are not added first. With "half_pixel" the centres of elements lie at .5.
#include <algorithm>
#include <array>
#include <cmath>
#include <tenon/sdk/kernel.hpp>
#include <utility>

#include "arithmetic.h"
#include "detection/regions.h"

namespace tenon::cpu_ref {
namespace {

// More would take longer than anybody waits.
constexpr int64_t kMostSamples = 1 << 12;
// Of the points along an axis, which doubles tell apart.
constexpr double kMostPoints = 1e15;

/// Points along one axis of a bin, and the elements that each lies between.
struct Axis {
  double begin, step;  // of the points; a region whose end comes before its begin has steps below 0
  int64_t count;
  int64_t size;  // of X

  double at(int64_t i) const { return begin + (double(i) + 0.5) * step; }
  bool is_inside(double p) const { return size > 0 && p >= -1 && p <= double(size); }
  /// Those [first, last) that may lie inside.
  std::pair<int64_t, int64_t> inside() const {
    if (step == 0 || std::isnan(step)) return {0, is_inside(begin + step) ? count : 0};
    double first = (-1 - begin) / step, last = (double(size) - begin) / step;
    if (step < 0) std::swap(first, last);
    const auto limit = [&](double v) { return v > 0 ? static_cast<int64_t>(std::min(v, double(count))) : 0; };
    return {limit(std::floor(first) - 1), limit(std::ceil(last) + 1)};
  }
};

struct Between {
  int64_t low, high;
  double low_weight, high_weight;
};

Between neighbours(double p, int64_t size) {
  p = std::max(p, 0.0);
  const auto low = static_cast<int64_t>(p);
  if (low >= size - 1) return {size - 1, size - 1, 1, 0};
  return {low, low + 1, 1 - (p - double(low)), p - double(low)};
}

class RoiAlign final : public sdk::Kernel {
 public:
  RoiAlign(const sdk::KernelInfo& info, bool takes_greatest, bool is_half_pixel)
      : height_(info.attr_int("output_height")),
        width_(info.attr_int("output_width")),
        ratio_(info.attr_int("sampling_ratio")),
        scale_(info.attr_float("spatial_scale")),
        takes_greatest_(takes_greatest),
        is_half_pixel_(is_half_pixel) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), rois = run.input(1), batches = run.input(2);
    TN_RETURN_IF_ERROR(check_regions<int64_t>(x, rois, batches));
    const int64_t dims[] = {rois.dim(0), x.dim(1), height_, width_};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), dims));
    return visit_floats(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      const int64_t plane = height_ * width_, channels = x.dim(1), area = x.dim(2) * x.dim(3);
      run.parallel_for(rois.dim(0) * channels, double(plane) * 16, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end && !run.cancelled(); ++i) {
          const int64_t roi = i / channels, batch = batches.data<int64_t>()[roi];
          align(rois.data<T>() + roi * 4, x.data<T>() + (batch * channels + i % channels) * area, x.dim(2), x.dim(3),
                y.data<T>() + i * plane);
        }
      });
      return {};
    });
  }

 private:
  template <typename T>
  void align(const T* roi, const T* x, int64_t rows, int64_t columns, T* y) const {
    for (int64_t h = 0; h < height_; ++h) {
      const Axis down = axis(double(roi[1]), double(roi[3]), height_, h, rows);
      for (int64_t w = 0; w < width_; ++w)
        y[h * width_ + w] =
            from_double<T>(bin(x, columns, down, axis(double(roi[0]), double(roi[2]), width_, w, columns)));
    }
  }

  /// The points of bin `index` of `bins` between two coordinates of the region.
  Axis axis(double from, double to, int64_t bins, int64_t index, int64_t size) const {
    const double offset = is_half_pixel_ ? 0.5 : 0, start = from * scale_ - offset;
    double length = to * scale_ - offset - start;
    if (!is_half_pixel_) length = std::max(length, 1.0);
    const double bin = length / double(bins);
    const int64_t count = ratio_ > 0 ? ratio_ : truncate_to<int64_t>(std::min(std::ceil(bin), kMostPoints));
    return {start + double(index) * bin, count > 0 ? bin / double(count) : 0, std::max<int64_t>(count, 0), size};
  }

  template <typename T>
  double bin(const T* x, int64_t columns, const Axis& down, const Axis& across) const {
    double sum = 0, greatest = -INFINITY;
    const auto [top, bottom] = down.inside();
    const auto [left, right] = across.inside();
    const bool has_outside = bottom - top < down.count || right - left < across.count;
    for (int64_t i = top; i < bottom; ++i)
      for (int64_t j = left; j < right; ++j) {
        for (const double v : neighbours_at(x, columns, down, across, down.at(i), across.at(j))) {
          sum += v;
          greatest = nan_max(greatest, v);
        }
      }
    if (down.count == 0 || across.count == 0) return 0;
    if (takes_greatest_) return has_outside ? nan_max(greatest, 0.0) : greatest;
    return sum / (double(down.count) * double(across.count));
  }

  /// The four elements around a point times their weights.
  template <typename T>
  static std::array<double, 4> neighbours_at(const T* x, int64_t columns, const Axis& down, const Axis& across,
                                             double row, double column) {
    if (!down.is_inside(row) || !across.is_inside(column)) return {};
    const Between v = neighbours(row, down.size), h = neighbours(column, across.size);
    const T *const upper = x + v.low * columns, *const lower = x + v.high * columns;
    return {v.low_weight * h.low_weight * double(upper[h.low]), v.low_weight * h.high_weight * double(upper[h.high]),
            v.high_weight * h.low_weight * double(lower[h.low]), v.high_weight * h.high_weight * double(lower[h.high])};
  }

  const int64_t height_, width_, ratio_;
  const double scale_;
  const bool takes_greatest_, is_half_pixel_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_roi_align(const sdk::KernelInfo& info) {
  const std::string mode = info.attr_string("mode");
  if (mode != "avg" && mode != "max") return sdk::invalid_model("attribute mode is '", mode, "', expected avg or max");
  // Before opset 16 nothing was shifted.
  const std::string coordinates = info.attr_string("coordinate_transformation_mode", "output_half_pixel");
  if (coordinates != "half_pixel" && coordinates != "output_half_pixel")
    return sdk::invalid_model("attribute coordinate_transformation_mode is '", coordinates,
                              "', expected half_pixel or output_half_pixel");
  for (const char* name : {"output_height", "output_width"})
    if (info.attr_int(name) < 1)
      return sdk::invalid_model("attribute ", name, " is ", info.attr_int(name), ", expected at least 1");
  const int64_t ratio = info.attr_int("sampling_ratio");
  if (ratio < 0 || ratio > kMostSamples)
    return sdk::invalid_model("attribute sampling_ratio is ", ratio, ", expected 0 to ", kMostSamples);
  return std::make_unique<RoiAlign>(info, mode == "max", coordinates == "half_pixel");
}

}  // namespace tenon::cpu_ref
