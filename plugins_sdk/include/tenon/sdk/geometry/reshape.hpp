// The shape that a Reshape asks for. Host rule and providers read it here, so that they cannot disagree. Pure
// functions; numbers may be hostile.
#pragma once

#include <tenon/sdk/geometry/lanes.hpp>

namespace tenon::sdk {
inline namespace TENON_SDK_VERSION {

/// `x`, whose sizes are known, under the shape `wanted`: 0 keeps the dimension unless `allow_zero`, one -1 is what the
/// others leave.
inline Result<Shape> reshaped(ShapeView x, Shape wanted, bool allow_zero) {
  bool has_open = false;
  size_t open = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] < -1)
      return invalid_model("the new shape has ", wanted[i], " at index ", i, ", expected -1, 0 or a size");
    if (wanted[i] == -1) {
      if (has_open)
        return invalid_model("the new shape has -1 at ", open, " and at ", i, ", but only one can be computed");
      has_open = true;
      open = i;
    } else if (wanted[i] == 0 && !allow_zero) {
      if (i >= x.size())
        return invalid_model("the new shape has 0 at index ", i, ", but the input ", shape_text(x),
                             " has no dimension there to keep: state the size, or set allowzero for an empty one");
      wanted[i] = x[i];
    }
  }
  if (has_open) wanted[open] = 1;
  TN_ASSIGN_OR_RETURN(const int64_t elements, Lanes::count(x, 0, x.size()));
  TN_ASSIGN_OR_RETURN(const int64_t stated, Lanes::count(wanted, 0, wanted.size()));
  if (has_open) {
    if (stated == 0 || elements % stated != 0)
      return invalid_model("the input ", shape_text(x), " has ", elements, " elements, which the stated dimensions, ",
                           stated, " in all, do not divide: correct the shape that it is given");
    wanted[open] = elements / stated;
  } else if (stated != elements) {
    return invalid_model("the input ", shape_text(x), " has ", elements, " elements, but the new shape ",
                         shape_text(wanted), " has ", stated, ": both must have the same number");
  }
  return wanted;
}

}  // namespace TENON_SDK_VERSION
}  // namespace tenon::sdk
