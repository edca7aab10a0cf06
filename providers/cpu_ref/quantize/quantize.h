// Parameters of QuantizeLinear and DequantizeLinear.
#pragma once

#include <tenon/sdk/geometry/quantize.hpp>

#include "convert/convert.h"

namespace tenon::cpu_ref {

/// All values of a scale or zero point as double.
sdk::Result<std::vector<double>> read_parameters(const sdk::TensorView& t);

/// `value` rounded to the precision of floating-point type `dtype` (any other: unchanged).
double rounded_to(double value, tn_dtype dtype);

}  // namespace tenon::cpu_ref
