// MaxRoiPool: each region of X (N x C x H x W), a row of rois (regions x 5) as batch entry, x1, y1, x2, y2 of which the
// coordinates times spatial_scale are rounded to elements and both ends belong to the region, is cut into pooled_shape
// bins that may overlap by an element; a bin is the greatest of its elements, NaN where one is, and 0 where none of it
// lies in X. A region is at least one element high and wide. The result is regions x C x pooled_shape.
#include <algorithm>
#include <cmath>
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"

namespace tenon::cpu_ref {
namespace {

/// One axis of a region, cut into bins.
struct PoolAxis {
  int64_t begin, length, bins, size;  // size: of X

  /// The elements of X that belong to a bin.
  std::pair<int64_t, int64_t> bin(int64_t index) const {
    const auto inside = [&](double v) {
      return static_cast<int64_t>(std::clamp(v + double(begin), 0.0, double(size)));
    };
    // The product first: whole bins end at whole elements.
    return {inside(std::floor(double(index) * double(length) / double(bins))),
            inside(std::ceil(double(index + 1) * double(length) / double(bins)))};
  }
};

class MaxRoiPool final : public sdk::Kernel {
 public:
  MaxRoiPool(float scale, int64_t height, int64_t width) : scale_(scale), height_(height), width_(width) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), rois = run.input(1);
    if (x.rank() != 4)
      return sdk::invalid_argument("input X has shape ", sdk::shape_text(x.shape()), ", expected N x C x H x W");
    if (rois.rank() != 2 || rois.dim(1) != 5)
      return sdk::invalid_argument("input rois has shape ", sdk::shape_text(rois.shape()), ", expected regions x 5");
    return visit_floats(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      for (int64_t i = 0; i < rois.dim(0); ++i) {
        const auto batch = static_cast<double>(rois.data<T>()[i * 5]);
        if (!(batch >= 0 && batch < double(x.dim(0))))
          return sdk::invalid_argument("input rois has batch entry ", batch, " in row ", i, ", expected 0 to ",
                                       x.dim(0) - 1);
      }
      const int64_t dims[] = {rois.dim(0), x.dim(1), height_, width_};
      TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), dims));
      if (y.count() == 0) return {};
      const int64_t plane = height_ * width_, channels = x.dim(1), area = x.dim(2) * x.dim(3);
      run.parallel_for(rois.dim(0) * channels, double(plane) * 16, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end && !run.cancelled(); ++i) {
          const T* roi = rois.data<T>() + i / channels * 5;
          const auto batch = static_cast<int64_t>(static_cast<double>(roi[0]));
          pool(roi, x.data<T>() + (batch * channels + i % channels) * area, x.dim(2), x.dim(3),
               y.data<T>() + i * plane);
        }
      });
      return {};
    });
  }

 private:
  template <typename T>
  void pool(const T* roi, const T* x, int64_t rows, int64_t columns, T* y) const {
    const PoolAxis down = axis(roi[2], roi[4], height_, rows), across = axis(roi[1], roi[3], width_, columns);
    for (int64_t h = 0; h < height_; ++h) {
      const auto [top, bottom] = down.bin(h);
      for (int64_t w = 0; w < width_; ++w) {
        const auto [left, right] = across.bin(w);
        Compute<T> greatest = -std::numeric_limits<Compute<T>>::infinity();
        for (int64_t r = top; r < bottom; ++r)
          for (int64_t c = left; c < right; ++c)
            greatest = nan_max(greatest, static_cast<Compute<T>>(x[r * columns + c]));
        y[h * width_ + w] = T(top < bottom && left < right ? greatest : Compute<T>(0));
      }
    }
  }

  template <typename T>
  PoolAxis axis(T from, T to, int64_t bins, int64_t size) const {
    const int64_t begin = element(from), end = element(to);
    return {begin, std::max<int64_t>(end - begin + 1, 1), bins, size};
  }

  /// The product has the precision of the elements, as in other implementations: it decides what is rounded up.
  template <typename T>
  int64_t element(T coordinate) const {
    constexpr int64_t kFarOut = int64_t{1} << 40;
    const Compute<T> scaled = static_cast<Compute<T>>(coordinate) * static_cast<Compute<T>>(scale_);
    return std::clamp(truncate_to<int64_t>(std::round(static_cast<double>(scaled))), -kFarOut, kFarOut);
  }

  const float scale_;
  const int64_t height_, width_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_max_roi_pool(const sdk::KernelInfo& info) {
  const std::vector<int64_t> pooled = info.attr_ints("pooled_shape");
  if (pooled.size() != 2)
    return sdk::invalid_model("attribute pooled_shape has ", pooled.size(), " numbers, expected 2: height and width");
  for (const int64_t d : pooled)
    if (d < 1) return sdk::invalid_model("attribute pooled_shape holds ", d, ", expected at least 1");
  const float scale = info.attr_float("spatial_scale");
  if (!std::isfinite(scale))
    return sdk::invalid_model("attribute spatial_scale is ", scale, ", expected a finite number");
  return std::make_unique<MaxRoiPool>(scale, pooled[0], pooled[1]);
}

}  // namespace tenon::cpu_ref
