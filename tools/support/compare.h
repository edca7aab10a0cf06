// Compares tensors, and what other values hold, as the onnx package's test runner does: equal type and shape; integers,
// bools and strings exactly; floats by |got - expected| <= atol + rtol * |expected|, NaN equal to NaN. Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <tenon/tenon.hpp>

namespace tenon::tools {

struct Tolerance {
  double relative = 1e-3;
  double absolute = 1e-7;
};

struct Comparison {
  bool equal = true;
  std::string reason;         // of a difference: which element, what was expected, what was found
  double worst_absolute = 0;  // over the finite elements
  double worst_relative = 0;  // |got - expected| / |expected| where expected is not 0
  int64_t differing = 0;      // elements outside the tolerance
};

/// The relative tolerance that holds for outputs of the type. For bfloat16 it is 2^-6 at least, two units in the last
/// place, as in the onnx package's runner.
double relative_tolerance(uint32_t dtype, const Tolerance& tolerance);

Comparison compare(const ResultView& got, const ResultView& expected, const Tolerance& tolerance);
/// Values of other kinds are equal when all that they hold is; an empty one of an open type equals any empty one.
Comparison compare(const Value& got, const Value& expected, const Tolerance& tolerance);

}  // namespace tenon::tools
