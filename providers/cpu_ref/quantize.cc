// The shape rules of quantization parameters.
#include "quantize.h"

#include <algorithm>

#include "arithmetic.h"
#include "shape_math.h"

namespace tenon::cpu_ref {

sdk::Result<ScaleLayout> ScaleLayout::create(sdk::ShapeView x, sdk::ShapeView scale, int64_t axis, int64_t block_size) {
  ScaleLayout layout;
  if (scale.empty() || (scale.size() == 1 && scale[0] == 1 && block_size == 0)) return layout;
  TN_ASSIGN_OR_RETURN(const int64_t a, normalize_axis(x.size() == 1 ? 0 : axis, static_cast<int64_t>(x.size())));
  const size_t at = static_cast<size_t>(a);
  layout.length_ = std::max<int64_t>(x[at], 1);
  TN_ASSIGN_OR_RETURN(layout.inner_, product(x, at + 1, x.size()));
  layout.inner_ = std::max<int64_t>(layout.inner_, 1);
  layout.along_step_ = 1;
  if (block_size == 0) {
    if (scale.size() != 1 || scale[0] != x[at])
      return sdk::invalid_argument("the scale is ", sdk::shape_text(scale), ", expected one element or ", x[at],
                                   ", the size of axis ", a);
    return layout;
  }
  bool fits = block_size > 0 && scale.size() == x.size();
  for (size_t d = 0; fits && d < x.size(); ++d)
    fits = scale[d] == (d == at ? x[d] / block_size + (x[d] % block_size != 0) : x[d]);
  if (!fits)
    return sdk::invalid_argument("the scale is ", sdk::shape_text(scale), ", expected ", sdk::shape_text(x),
                                 " with axis ", a, " divided by the block size ", block_size);
  layout.block_ = block_size;
  layout.inner_step_ = 1;
  layout.along_step_ = layout.inner_;
  layout.outer_step_ = layout.inner_ * scale[at];
  return layout;
}

sdk::Result<std::vector<double>> read_parameters(const sdk::TensorView& t) {
  if (!is_number(t.dtype())) return sdk::unsupported("no implementation for ", sdk::dtype_name(t.dtype()));
  std::vector<double> values(static_cast<size_t>(t.count()));
  NumberBlock block;
  for (int64_t begin = 0; begin < t.count(); begin += NumberBlock::kCapacity) {
    read_block(t, begin, std::min(t.count() - begin, NumberBlock::kCapacity), block);
    for (int64_t i = 0; i < block.count; ++i)
      values[begin + i] =
          block.kind == NumberBlock::Kind::kFloating ? block.floating[i] : static_cast<double>(block.whole[i]);
  }
  return values;
}

double rounded_to(double value, tn_dtype dtype) {
  if (dtype == TN_FLOAT) return static_cast<double>(static_cast<float>(value));
  const SmallFloatFormat* format = small_float_format(dtype);
  return format ? decode_small_float(*format, encode_small_float(*format, value, false)) : value;
}

}  // namespace tenon::cpu_ref
