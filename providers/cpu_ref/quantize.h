// Where the scale and zero point of an element lie, for QuantizeLinear and DequantizeLinear.
#pragma once

#include "convert.h"

namespace tenon::cpu_ref {

/// The granularity of quantization: one scale for the tensor, one per index along an axis, or one per block along it.
class ScaleLayout {
 public:
  /// `scale`: its shape. `block_size`: 0 for none. Before opset 13 there is one scale for the tensor. Shapes that fit
  /// no granularity give TN_INVALID_ARGUMENT.
  static sdk::Result<ScaleLayout> create(sdk::ShapeView x, sdk::ShapeView scale, int64_t axis, int64_t block_size);

  /// The index of the scale of element `i`, which is below the element count of x.
  int64_t index_of(int64_t i) const {
    const int64_t inner = i % inner_, along = i / inner_ % length_, outer = i / inner_ / length_;
    return (outer * outer_step_ + along / block_ * along_step_) + inner * inner_step_;
  }

 private:
  int64_t length_ = 1;
  int64_t inner_ = 1;
  int64_t block_ = 1;
  int64_t outer_step_ = 0;
  int64_t along_step_ = 0;
  int64_t inner_step_ = 0;
};

/// All values of a scale or zero point as double.
sdk::Result<std::vector<double>> read_parameters(const sdk::TensorView& t);

/// `value` rounded to the precision of floating-point type `dtype` (any other: unchanged).
double rounded_to(double value, tn_dtype dtype);

}  // namespace tenon::cpu_ref
