// The lengths that Split cuts an axis into. Host rule and providers read it here, so that they cannot disagree. Pure
// functions.
#pragma once

#include <algorithm>
#include <tenon/sdk/span.hpp>
#include <tenon/sdk/status.hpp>

namespace tenon::sdk {
inline namespace TENON_SDK_VERSION {

/// Of an axis of `size`, unknown where -1, into `pieces`. `stated` null: equal ones, of which since opset 18
/// (`may_be_uneven`) the last ones may be smaller. Lengths that are not known are -1.
inline Result<Shape> split_lengths(int64_t size, int64_t pieces, const Shape* stated, bool may_be_uneven) {
  if (stated != nullptr) {
    if (static_cast<int64_t>(stated->size()) != pieces)
      return invalid_model("'split' has ", stated->size(), " lengths, expected ", pieces, ", the number of outputs");
    int64_t sum = 0;
    for (const int64_t length : *stated)
      if (length < 0 || __builtin_add_overflow(sum, length, &sum))
        return invalid_model("'split' has ", length, ", expected 0 to what is left of axis");
    if (size >= 0 && sum != size)
      return invalid_model("the lengths of 'split' add up to ", sum, ", expected ", size, ", the size of the axis");
    return *stated;
  }
  Shape lengths(static_cast<size_t>(pieces), -1);
  if (size < 0) return lengths;
  if (!may_be_uneven && size % pieces != 0)
    return invalid_model("the axis is ", size, ", which cannot be split into ", pieces,
                         " equal outputs: state the lengths");
  const int64_t most = size / pieces + (size % pieces != 0);
  int64_t left = size;
  for (int64_t& length : lengths) {
    length = std::min(most, left);
    left -= length;
  }
  return lengths;
}

/// num_outputs, 0 where a node does not state it, is the number of its outputs. Since opset 18 it is stated where the
/// lengths are not, and only there.
inline Status check_num_outputs(int64_t stated, int64_t pieces, bool has_lengths, int version) {
  if (version >= 18 && (stated != 0) == has_lengths)
    return invalid_model(stated != 0 ? "both" : "neither", " attribute 'num_outputs' ", stated != 0 ? "and" : "nor",
                         " input 'split' ", stated != 0 ? "are" : "is", " given, expected one of them");
  if (stated == 0 || stated == pieces) return {};
  return invalid_model("attribute 'num_outputs' is ", stated, ", but the node has ", pieces, " outputs");
}

}  // namespace TENON_SDK_VERSION
}  // namespace tenon::sdk
