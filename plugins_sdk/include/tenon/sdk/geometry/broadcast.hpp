// Broadcasting as numpy has it. Host rules and providers read it here, so that they cannot disagree. Pure functions.
#pragma once

#include <algorithm>
#include <tenon/sdk/span.hpp>
#include <tenon/sdk/status.hpp>
#include <tenon/sdk/tensor.hpp>

namespace tenon::sdk {
inline namespace TENON_SDK_VERSION {

/// What two sizes that meet broadcast to; -1 is one that is not known. False when they do not broadcast.
inline bool broadcast_size(int64_t a, int64_t b, int64_t* result) {
  if (a != b && a >= 0 && b >= 0 && a != 1 && b != 1) return false;
  // The unknown one is 1 or the same: the other says what comes of it, unless that is 1.
  *result = a == 1 || (a < 0 && b != 1) ? b : a;
  return true;
}

/// Aligned from the last dimension, of which the shorter shape has 1 where it has none.
inline Result<Shape> broadcast_shape(ShapeView a, ShapeView b) {
  Shape shape(std::max(a.size(), b.size()), 1);
  for (size_t i = 0; i < shape.size(); ++i) {
    const int64_t p = i < a.size() ? a[a.size() - 1 - i] : 1;
    const int64_t q = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (!broadcast_size(p, q, &shape[shape.size() - 1 - i]))
      return invalid_model("shapes ", shape_text(a), " and ", shape_text(b),
                           " do not broadcast: dimensions, aligned from the last, must be equal or 1");
  }
  return shape;
}

/// Max, Mean, Min and Sum: before opset 8 an input has the shape of the first one.
inline Status check_variadic(ShapeView first, ShapeView other, int version) {
  if (version >= 8 || std::equal(first.begin(), first.end(), other.begin(), other.end())) return {};
  return invalid_model("inputs are ", shape_text(first), " and ", shape_text(other),
                       ", expected equal shapes: before opset 8 this operator does not broadcast");
}

}  // namespace TENON_SDK_VERSION
}  // namespace tenon::sdk
