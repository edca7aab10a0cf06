// Reading and rounding parameters; see quantize.h.
#include "quantize/quantize.h"

#include <algorithm>

#include "arithmetic.h"

namespace tenon::cpu_ref {

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
