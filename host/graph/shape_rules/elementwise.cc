// Shape rules of operators that work element by element, and of those whose result has the shape of an input.
#include <initializer_list>
#include <numeric>
#include <tenon/sdk/geometry/lanes.hpp>
#include <vector>

#include "host/graph/operators/facts.h"
#include "host/graph/shape_rules/rules.h"
#include "host/graph/shape_rules/sdk_geometry.h"

namespace tenon::host::shape_rules {
namespace {

// From this version on the binary operators broadcast as numpy does; before, the second operand is fitted to the first.
constexpr int kNumpyBroadcastVersion = 7;

// Of the inputs with these numbers.
template <typename Inputs>
Status broadcast_of(ShapeContext& c, const Inputs& inputs) {
  std::optional<Dims> result;
  for (const size_t i : inputs) {
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

}  // namespace

Status same_as_first(ShapeContext& c) {
  if (const Dims* x = c.shape(0)) c.set(0, *x);
  return {};
}

Status all_same_as_first(ShapeContext& c) {
  for (size_t i = 0; i < c.output_count(); ++i)
    if (const Dims* x = c.shape(0)) c.set(i, *x);
  return {};
}

// ratio and training_mode are scalars; output and mask have the shape of the data.
Status dropout(ShapeContext& c) {
  for (size_t i = 1; i < c.input_count(); ++i) {
    const Dims* scalar = c.shape(i);
    const auto count = scalar == nullptr ? std::nullopt : product(scalar->data(), scalar->data() + scalar->size());
    if (count && is_known(*count) && count->value != 1)
      return c.fail("input ", c.input_name(i), " has shape ", describe(*scalar), ", expected a scalar");
  }
  if (const Dims* x = c.shape(0))
    for (size_t i = 0; i < c.output_count(); ++i) c.set(i, *x);
  return {};
}

Status same_as_source(ShapeContext& c) {
  const SourceRule source = facts_of(c.node()).source;
  for (size_t i = 0; source != nullptr && i < c.output_count(); ++i) {
    const auto input = source(c.node(), i);
    const Dims* x = input ? c.shape(*input) : nullptr;
    if (x != nullptr) c.set(i, *x);
  }
  return {};
}

Status broadcast_inputs(ShapeContext& c) {
  std::vector<size_t> all(c.input_count());
  std::iota(all.begin(), all.end(), size_t{0});
  return broadcast_of(c, all);
}

// Behind each operand stand its scale and its zero point.
Status qlinear_binary(ShapeContext& c) {
  return broadcast_of(c, std::initializer_list<size_t>{0, 3});
}

Status qlinear_where(ShapeContext& c) {
  return broadcast_of(c, std::initializer_list<size_t>{0, 1, 4});
}

Status variadic(ShapeContext& c) {
  return c.version() < 8 ? same_as_first(c) : broadcast_inputs(c);
}

Status binary(ShapeContext& c) {
  return c.version() < kNumpyBroadcastVersion ? same_as_first(c) : broadcast_inputs(c);
}

Status softmax(ShapeContext& c) {
  const Dims* x = c.shape(0);
  if (x == nullptr) return {};
  const bool flattens = c.version() < 13;
  const std::vector<int64_t> any_sizes(x->size(), 1);
  TENON_RETURN_IF_ERROR(from_sdk(c, sdk::Lanes::of_softmax(any_sizes, c.attr("axis"), flattens)).status());
  c.set(0, *x);
  return {};
}

}  // namespace tenon::host::shape_rules
