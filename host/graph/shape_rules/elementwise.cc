// Shape rules of operators that work element by element, and of those whose result has the shape of an input.
#include "host/graph/shape_rules/rules.h"

namespace tenon::host::shape_rules {
namespace {

// From this version on the binary operators broadcast as numpy does; before, the second operand is fitted to the first.
constexpr int kNumpyBroadcastVersion = 7;

}  // namespace

Status same_as_first(ShapeContext& c) {
  if (const Dims* x = c.shape(0)) c.set(0, *x);
  return {};
}

Status all_same_as_first(ShapeContext& c) {
  if (const Dims* x = c.shape(0))
    for (size_t i = 0; i < c.output_count(); ++i) c.set(i, *x);
  return {};
}

Status broadcast_inputs(ShapeContext& c) {
  std::optional<Dims> result;
  for (size_t i = 0; i < c.input_count(); ++i) {
    const Dims* shape = c.shape(i);
    if (shape == nullptr) return {};
    const auto combined = result ? broadcast(*result, *shape) : *shape;
    if (!combined)
      return c.fail("input ", c.input_name(i), " has shape ", describe(*shape), ", which does not broadcast with ",
                    describe(*result),
                    " of the inputs before it: aligned from the right, dimensions must be equal or 1");
    result = combined;
  }
  if (result) c.set(0, std::move(*result));
  return {};
}

Status binary(ShapeContext& c) {
  return c.version() < kNumpyBroadcastVersion ? same_as_first(c) : broadcast_inputs(c);
}

Status softmax(ShapeContext& c) {
  const Dims* x = c.shape(0);
  if (x == nullptr) return {};
  // Before opset 13 the axis splits the shape in two and may equal the rank.
  if (c.version() >= 13 && !x->empty()) TENON_RETURN_IF_ERROR(c.axis(c.attr("axis", -1), x->size()).status());
  c.set(0, *x);
  return {};
}

}  // namespace tenon::host::shape_rules
