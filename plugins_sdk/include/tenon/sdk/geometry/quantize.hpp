// Where the scale and zero point of an element lie, for QuantizeLinear and DequantizeLinear. Providers read it here, so
// that they cannot disagree. Immutable; thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>
#include <tenon/sdk/geometry/axes.hpp>
#include <tenon/sdk/tensor.hpp>

namespace tenon::sdk {
inline namespace TENON_SDK_VERSION {

/// A zero point has the shape of its scale, where one element may be a scalar or a list of one.
inline Status check_zero_point(const char* name, ShapeView zero_point, ShapeView scale) {
  const auto is_one = [](ShapeView shape) { return shape.empty() || (shape.size() == 1 && shape[0] == 1); };
  if (is_one(zero_point) && is_one(scale)) return {};
  if (std::equal(zero_point.begin(), zero_point.end(), scale.begin(), scale.end())) return {};
  return invalid_argument("input ", name, " has shape ", shape_text(zero_point), ", expected ", shape_text(scale),
                          " as its scale");
}

/// The granularity of quantization: one scale for the tensor, one per index along an axis, or one per block along it.
class ScaleLayout {
 public:
  /// `scale`: its shape. `block_size`: 0 for none. Before opset 13 there is one scale for the tensor. Shapes that fit
  /// no granularity give TN_INVALID_ARGUMENT.
  static Result<ScaleLayout> create(ShapeView x, ShapeView scale, int64_t axis, int64_t block_size) {
    ScaleLayout layout;
    if (block_size < 0) return invalid_argument("attribute block_size is ", block_size, ", expected 0 or more");
    if (scale.empty() || (scale.size() == 1 && scale[0] == 1 && block_size == 0)) return layout;
    if (x.size() == 1) axis = 0;
    TN_ASSIGN_OR_RETURN(const size_t at, axis_index(axis, x.size()));
    layout.length_ = std::max<int64_t>(x[at], 1);
    for (size_t d = at + 1; d < x.size(); ++d)
      if (__builtin_mul_overflow(layout.inner_, std::max<int64_t>(x[d], 1), &layout.inner_))
        return invalid_argument("the shape ", shape_text(x), " has more elements than 64 bits count");
    layout.along_step_ = 1;
    if (block_size == 0) {
      if (scale.size() != 1 || scale[0] != x[at])
        return invalid_argument("the scale is ", shape_text(scale), ", expected one element or ", x[at],
                                ", the size of axis ", at);
      return layout;
    }
    bool fits = block_size > 0 && scale.size() == x.size();
    for (size_t d = 0; fits && d < x.size(); ++d)
      fits = scale[d] == (d == at ? x[d] / block_size + (x[d] % block_size != 0) : x[d]);
    if (!fits)
      return invalid_argument("the scale is ", shape_text(scale), ", expected ", shape_text(x), " with axis ", at,
                              " divided by the block size ", block_size);
    layout.block_ = block_size;
    layout.inner_step_ = 1;
    layout.along_step_ = layout.inner_;
    layout.outer_step_ = layout.inner_ * scale[at];
    return layout;
  }

  /// The index of the scale of element `i`, which is below the element count of x.
  int64_t index_of(int64_t i) const {
    const int64_t inner = i % inner_, along = i / inner_ % length_, outer = i / inner_ / length_;
    return outer * outer_step_ + along / block_ * along_step_ + inner * inner_step_;
  }

  /// Elements in a row whose scales are one, or lie in a row too.
  struct Stretch {
    int64_t scale;  // index of the first
    int64_t count;  // may reach past the last element of x
    int64_t step;   // from one scale to the next: 0 or 1
  };
  /// The longest one that begins at element `i`.
  Stretch stretch_at(int64_t i) const {
    if (along_step_ == 0) return {0, INT64_MAX, 0};
    if (inner_ > 1) return {index_of(i), inner_ - i % inner_, inner_step_};
    const int64_t outer = i / length_, along = i - outer * length_;
    if (block_ == 1) return {outer * outer_step_ + along * along_step_, length_ - along, 1};
    const int64_t block = along / block_, left = block_ - (along - block * block_);
    return {outer * outer_step_ + block * along_step_, std::min(left, length_ - along), 0};
  }

 private:
  int64_t length_ = 1;
  int64_t inner_ = 1;
  int64_t block_ = 1;
  int64_t outer_step_ = 0;
  int64_t along_step_ = 0;
  int64_t inner_step_ = 0;
};

}  // namespace TENON_SDK_VERSION
}  // namespace tenon::sdk
