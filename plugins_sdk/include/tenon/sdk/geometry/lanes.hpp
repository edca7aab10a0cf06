// A tensor seen as lanes that an operator such as Softmax works on one at a time. Host rule and providers read it here,
// so that they cannot disagree. Pure functions; sizes may be hostile.
#pragma once

#include <tenon/sdk/geometry/axes.hpp>

namespace tenon::sdk {
inline namespace TENON_SDK_VERSION {

/// outer x length x inner: element i of lane (o, n) lies at (o * length + i) * inner + n.
struct Lanes {
  int64_t outer = 1;
  int64_t length = 1;
  int64_t inner = 1;

  /// Along `axis` alone.
  static Result<Lanes> along(ShapeView shape, int64_t axis) {
    TN_ASSIGN_OR_RETURN(const size_t at, axis_index(axis, shape.size()));
    Lanes lanes;
    TN_ASSIGN_OR_RETURN(lanes.outer, count(shape, 0, at));
    lanes.length = shape[at];
    TN_ASSIGN_OR_RETURN(lanes.inner, count(shape, at + 1, shape.size()));
    return lanes;
  }

  /// Over `axis` and all axes after it, as one.
  static Result<Lanes> from(ShapeView shape, int64_t axis) {
    TN_ASSIGN_OR_RETURN(const size_t at, axis_index(axis, shape.size()));
    Lanes lanes;
    TN_ASSIGN_OR_RETURN(lanes.outer, count(shape, 0, at));
    TN_ASSIGN_OR_RETURN(lanes.length, count(shape, at, shape.size()));
    return lanes;
  }

  /// Of Softmax and its kin: before opset 13 (`flattens`) over all axes from `axis` on.
  static Result<Lanes> of_softmax(ShapeView shape, int64_t axis, bool flattens) {
    return flattens ? from(shape, axis) : along(shape, axis);
  }

  /// The elements of dimensions [begin, end).
  static Result<int64_t> count(ShapeView shape, size_t begin, size_t end) {
    int64_t product = 1;
    for (size_t i = begin; i < end; ++i)
      if (shape[i] == 0) return int64_t{0};
    for (size_t i = begin; i < end; ++i)
      if (__builtin_mul_overflow(product, shape[i], &product))
        return invalid_model("the shape ", shape_text(shape), " has more elements than 64 bits count");
    return product;
  }
};

/// What SkipLayerNormalization and its kin normalize.
inline Status check_hidden_rows(ShapeView input) {
  if (input.size() == 2 || input.size() == 3) return {};
  return invalid_model("input input has shape ", shape_text(input),
                       ", expected batch x sequence x hidden size or tokens x hidden size");
}

}  // namespace TENON_SDK_VERSION
}  // namespace tenon::sdk
