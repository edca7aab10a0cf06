// The Upsample of com.microsoft.nchwc, as a kernel of plain tensors: Y, N x C x H * scales[2] x W * scales[3], is X
// repeated, or with mode linear interpolated, where output o stands at the input's o / scale, or as
// coordinate_transformation_mode says; before the first and behind the last element those are repeated.
#include <algorithm>
#include <cmath>
#include <tenon/sdk/kernel.hpp>
#include <vector>

#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

enum class Placing { kAsymmetric, kHalfPixel, kAlignCorners };

/// Between which elements of the input an element of the output lies, and how near to the second.
struct UpsamplePlace {
  int64_t low, high;
  double weight;
};

/// Of an infinity and a number the infinity; what has the weight 0 does not count, whatever it is.
double between(double low, double high, double weight) {
  return weight == 0 ? low : low * (1 - weight) + high * weight;
}

class IntegerUpsample final : public sdk::Kernel {
 public:
  IntegerUpsample(sdk::Shape scales, bool is_linear, Placing placing)
      : scales_(std::move(scales)), is_linear_(is_linear), placing_(placing) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    sdk::Shape shape = to_shape(x.shape());
    for (const size_t a : {size_t(2), size_t(3)}) {
      TN_ASSIGN_OR_RETURN(shape[a], multiply(shape[a], scales_[a]));
    }
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_FLOAT, shape));
    if (y.count() == 0) return {};
    const std::vector<UpsamplePlace> rows = places(x.dim(2), scales_[2]), columns = places(x.dim(3), scales_[3]);
    const int64_t width = x.dim(3), in_plane = x.dim(2) * width;
    run.parallel_for(shape[0] * shape[1], double(y.count()), [&](int64_t begin, int64_t end) {
      for (int64_t plane = begin; plane < end && !run.cancelled(); ++plane) {
        const float* in = x.data<float>() + plane * in_plane;
        float* out = y.data<float>() + plane * shape[2] * shape[3];
        for (const UpsamplePlace& r : rows) {
          if (!is_linear_) {
            for (const UpsamplePlace& c : columns) *out++ = in[r.low * width + c.low];
            continue;
          }
          for (const UpsamplePlace& c : columns) {
            const auto along = [&](int64_t row) {
              const double low = double(in[row * width + c.low]), high = double(in[row * width + c.high]);
              return between(low, high, c.weight);
            };
            const double upper = along(r.low);
            *out++ = float(r.weight == 0 ? upper : between(upper, along(r.high), r.weight));
          }
        }
      }
    });
    return {};
  }

 private:
  std::vector<UpsamplePlace> places(int64_t size, int64_t scale) const {
    std::vector<UpsamplePlace> made;
    for (int64_t o = 0; o < size * scale; ++o) {
      if (!is_linear_ || scale == 1) {
        made.push_back({o / scale, o / scale, 0});
        continue;
      }
      double at = double(o) / double(scale);
      if (placing_ == Placing::kHalfPixel) at = std::max(0.0, (double(o) + 0.5) / double(scale) - 0.5);
      if (placing_ == Placing::kAlignCorners) at = double(o) * double(size - 1) / double(size * scale - 1);
      const int64_t low = std::min(int64_t(at), size - 1);
      made.push_back({low, std::min(low + 1, size - 1), at - double(low)});
    }
    return made;
  }

  sdk::Shape scales_;
  bool is_linear_;
  Placing placing_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_integer_upsample(const sdk::KernelInfo& info) {
  sdk::Shape scales = info.attr_ints("scales");
  const bool fits = scales.size() == 4 && scales[0] == 1 && scales[1] == 1 && scales[2] > 0 && scales[3] > 0;
  if (!fits)
    return sdk::invalid_model("attribute scales is ", sdk::shape_text(scales),
                              ", expected 1 and 1 and two positive ones");
  const std::string mode = info.attr_string("mode"), placing = info.attr_string("coordinate_transformation_mode");
  if (mode != "nearest" && mode != "linear")
    return sdk::invalid_model("attribute mode is '", mode, "', expected nearest or linear");
  if (placing != "asymmetric" && placing != "half_pixel" && placing != "align_corners")
    return sdk::invalid_model("attribute coordinate_transformation_mode is '", placing,
                              "', expected asymmetric, half_pixel or align_corners");
  if (mode == "nearest" && placing != "asymmetric")
    return sdk::invalid_model("attribute coordinate_transformation_mode is '", placing,
                              "', expected asymmetric as mode is nearest");
  return std::make_unique<IntegerUpsample>(std::move(scales), mode == "linear",
                                           placing == "half_pixel"      ? Placing::kHalfPixel
                                           : placing == "align_corners" ? Placing::kAlignCorners
                                                                        : Placing::kAsymmetric);
}

}  // namespace tenon::cpu_ref
