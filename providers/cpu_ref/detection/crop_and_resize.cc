// CropAndResize: Y[r, c], crop_size, is the region rois[r] = y1, x1, y2, x2 of X[batch_indices[r], c], whose corners
// are the centres of the outer elements of the crop; coordinates of 0 and 1 are the centres of the outer elements of X.
// A crop of one row (column) is the middle of the region. Elements are sampled linearly or nearest (halves away from
// 0); outside X they are extrapolation_value. X: N x C x H x W, rois: regions x 4. Positions are float, as
// onnxruntime's.
#include <cmath>
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"
#include "detection/regions.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

/// Where element i of `count` lies along an axis of `size` elements.
float position_in(float from, float to, int64_t i, int64_t count, int64_t size) {
  const float last = float(size - 1);
  if (count == 1) return float(0.5 * double(from + to) * double(last));
  if (i == 0) return from * last;
  if (i == count - 1) return to * last;
  return from * last + float(i) * ((to - from) * last / float(count - 1));
}

class CropAndResize final : public sdk::Kernel {
 public:
  CropAndResize(const sdk::KernelInfo& info, bool is_nearest)
      : outside_(info.attr_float("extrapolation_value")), is_nearest_(is_nearest) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), rois = run.input(1), batches = run.input(2);
    TN_RETURN_IF_ERROR(check_regions<int32_t>(x, rois, batches));
    TN_ASSIGN_OR_RETURN(const sdk::Shape crop, read_ints(run.input(3), "crop_size"));
    if (crop.size() != 2 || crop[0] < 1 || crop[1] < 1)
      return sdk::invalid_argument("input crop_size is ", sdk::shape_text(crop), ", expected two positive numbers");
    const int64_t dims[] = {rois.dim(0), x.dim(1), crop[0], crop[1]};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), dims));
    if (y.count() == 0) return {};
    return visit_types<float, double, sdk::Float16>(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      const int64_t plane = crop[0] * crop[1], channels = x.dim(1), area = x.dim(2) * x.dim(3);
      run.parallel_for(rois.dim(0) * channels, double(plane) * 8, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end && !run.cancelled(); ++i) {
          const int64_t roi = i / channels, batch = batches.data<int32_t>()[roi];
          crop_plane(rois.data<T>() + roi * 4, x.data<T>() + (batch * channels + i % channels) * area, x.dim(2),
                     x.dim(3), crop, y.data<T>() + i * plane);
        }
      });
      return {};
    });
  }

 private:
  template <typename T>
  void crop_plane(const T* roi, const T* x, int64_t rows, int64_t columns, const sdk::Shape& crop, T* y) const {
    for (int64_t h = 0; h < crop[0]; ++h) {
      const float row = position_in(float(roi[0]), float(roi[2]), h, crop[0], rows);
      for (int64_t w = 0; w < crop[1]; ++w) {
        const float column = position_in(float(roi[1]), float(roi[3]), w, crop[1], columns);
        // NaN is outside, too.
        const bool inside = row >= 0 && row <= float(rows - 1) && column >= 0 && column <= float(columns - 1);
        y[h * crop[1] + w] = from_double<T>(inside ? sample(x, rows, columns, row, column) : double(outside_));
      }
    }
  }

  template <typename T>
  double sample(const T* x, int64_t rows, int64_t columns, float row, float column) const {
    const auto at = [&](float r, float c) {
      return double(x[std::min(int64_t(r), rows - 1) * columns + std::min(int64_t(c), columns - 1)]);
    };
    if (is_nearest_) return at(std::round(row), std::round(column));
    const float top = std::floor(row), bottom = std::ceil(row), left = std::floor(column), right = std::ceil(column);
    const double down = double(row - top), across = double(column - left);
    const double upper = at(top, left) + (at(top, right) - at(top, left)) * across;
    const double lower = at(bottom, left) + (at(bottom, right) - at(bottom, left)) * across;
    return upper + (lower - upper) * down;
  }

  float outside_;
  bool is_nearest_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_crop_and_resize(const sdk::KernelInfo& info) {
  const std::string mode = info.attr_string("mode");
  if (mode != "bilinear" && mode != "nearest")
    return sdk::invalid_model("attribute mode is '", mode, "', expected bilinear or nearest");
  return std::make_unique<CropAndResize>(info, mode == "nearest");
}

}  // namespace tenon::cpu_ref
