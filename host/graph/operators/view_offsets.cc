#include "host/graph/operators/view_offsets.h"

#include <algorithm>
#include <string_view>
#include <tenon/sdk/geometry/slice.hpp>

#include "host/base/checked.h"
#include "host/graph/graph.h"

namespace tenon::host::view_offsets {

std::optional<std::vector<int64_t>> known_shape(const std::optional<Dims>& dims) {
  const auto has_size = [](const Dim& d) { return is_known(d); };
  if (!dims || !std::all_of(dims->begin(), dims->end(), has_size)) return std::nullopt;
  std::vector<int64_t> shape;
  shape.reserve(dims->size());
  for (const Dim& d : *dims) shape.push_back(d.value);
  return shape;
}

Offset count_of(const std::vector<int64_t>& shape) {
  const auto count = checked_element_count(shape).get();
  return count ? Offset(static_cast<int64_t>(*count)) : std::nullopt;
}

namespace {

// All elements in their order, whatever the shapes are.
Offset all_in_order(const ShapeContext&, size_t output) {
  return output == 0 ? Offset(0) : std::nullopt;
}

// Operators that repeat elements or not: they do not where there are as many as before.
Offset all_if_as_many(const ShapeContext& c, size_t) {
  const auto x = c.shape(0) == nullptr ? std::nullopt : known_shape(*c.shape(0));
  const auto y = known_shape(c.inferred(0));
  return x && y && count_of(*x) && count_of(*x) == count_of(*y) ? Offset(0) : std::nullopt;
}

Offset all_if_alone(const ShapeContext& c, size_t) {
  return c.input_count() == 1 ? Offset(0) : std::nullopt;
}

Offset of_stated_type(const ShapeContext& c, size_t) {
  return c.attr("to") == c.node().inputs[0]->type.dtype ? Offset(0) : std::nullopt;
}

Offset of_type_of_second(const ShapeContext& c, size_t) {
  const tn_dtype from = c.node().inputs[0]->type.dtype;
  return c.has_input(1) && c.node().inputs[1]->type.dtype == from ? Offset(0) : std::nullopt;
}

// Dropout outside of training. Before opset 7 an attribute tells.
Offset when_not_training(const ShapeContext& c, size_t output) {
  if (c.version() < 7) return output == 0 && c.attr("is_test") != 0 ? Offset(0) : std::nullopt;
  // A ratio that may be no scalar is for the kernel to judge.
  const Dims* ratio = c.shape(1);
  if (c.has_input(1) &&
      (ratio == nullptr || !std::all_of(ratio->begin(), ratio->end(), [](const Dim& d) { return d.value == 1; })))
    return std::nullopt;
  if (output != 0 || !c.has_input(2)) return all_in_order(c, output);
  const Value& training = *c.node().inputs[2];
  if (!training.is_constant() || training.constant->dtype() != TN_BOOL || training.constant->element_count() != 1)
    return std::nullopt;
  return *static_cast<const uint8_t*>(training.constant->data()) == 0 ? Offset(0) : std::nullopt;
}

// A Transpose moves nothing when the dimensions that may have more than one index stay in their order.
Offset kept_order(const ShapeContext& c, size_t) {
  const Dims* x = c.shape(0);
  if (x == nullptr) return std::nullopt;
  auto perm = c.ints_attr("perm");
  if (!perm) {
    perm.emplace();
    for (size_t i = x->size(); i > 0; --i) perm->push_back(static_cast<int64_t>(i) - 1);
  }
  int64_t last = -1;
  for (int64_t axis : *perm) {
    if (axis < 0) axis += static_cast<int64_t>(x->size());
    if (axis < 0 || axis >= static_cast<int64_t>(x->size())) return std::nullopt;
    if ((*x)[static_cast<size_t>(axis)].value == 1) continue;
    if (axis < last) return std::nullopt;
    last = axis;
  }
  return 0;
}

// Elements for one index of each dimension; the shape's element count is checked.
std::vector<int64_t> strides_of(const std::vector<int64_t>& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i > 1; --i) strides[i - 2] = strides[i - 1] * std::max<int64_t>(shape[i - 1], 1);
  return strides;
}

// Where a box of the shape `y`, cut from `x` at `starts`, begins, if its elements lie together: before the first
// dimension with more than one index any start will do, after it all must be whole.
Offset box_offset(const std::vector<int64_t>& x, const std::vector<int64_t>& y, const std::vector<int64_t>& starts) {
  const std::vector<int64_t> strides = strides_of(x);
  int64_t offset = 0;
  bool must_be_whole = false;
  for (size_t d = 0; d < x.size(); ++d) {
    if (must_be_whole && (y[d] != x[d] || starts[d] != 0)) return std::nullopt;
    must_be_whole = must_be_whole || y[d] > 1;
    offset += starts[d] * strides[d];
  }
  return offset;
}

Offset split_part(const ShapeContext& c, size_t output) {
  const auto x = c.shape(0) == nullptr ? std::nullopt : known_shape(*c.shape(0));
  const auto y = known_shape(c.inferred(output));
  if (!x || !y || !count_of(*x)) return std::nullopt;
  int64_t axis = c.attr("axis");
  if (axis < 0) axis += static_cast<int64_t>(x->size());
  std::vector<int64_t> starts(x->size(), 0);
  int64_t& start = starts.at(static_cast<size_t>(axis));
  for (size_t i = 0; i < output; ++i) {
    // A left-out output has a length, too, which only the rule's other outputs tell.
    const auto before = known_shape(c.inferred(i));
    if (!before) return std::nullopt;
    start += before->at(static_cast<size_t>(axis));
  }
  return box_offset(*x, *y, starts);
}

// An attribute in the first opsets, an input since.
std::optional<std::vector<int64_t>> stated(const ShapeContext& c, std::string_view attribute, size_t input) {
  return c.node().find_attribute(attribute) != nullptr ? c.ints_attr(attribute) : c.ints(input);
}

Offset slice_start(const ShapeContext& c, size_t) {
  const auto x = c.shape(0) == nullptr ? std::nullopt : known_shape(*c.shape(0));
  const auto from = stated(c, "starts", 1), to = stated(c, "ends", 2);
  bool has_axes = false;
  auto axes = c.axes(3, &has_axes);
  const auto steps = c.has_input(4) ? c.ints(4) : std::vector<int64_t>();
  if (!x || !count_of(*x) || !from || !to || !axes || !steps) return std::nullopt;
  if (!has_axes)
    for (size_t i = 0; i < from->size(); ++i) axes->push_back(static_cast<int64_t>(i));
  const auto rank = static_cast<int64_t>(x->size());
  std::vector<int64_t> box = *x, starts(x->size(), 0);
  for (size_t k = 0; k < axes->size(); ++k) {
    // The shape rule has held axes, steps and the lengths of the lists.
    const auto d = static_cast<size_t>((*axes)[k] < 0 ? (*axes)[k] + rank : (*axes)[k]);
    const int64_t step = steps->empty() ? 1 : steps->at(k);
    const sdk::SliceAxis part = sdk::slice_axis(x->at(d), from->at(k), to->at(k), step);
    if (part.step != 0 && part.step != 1) return std::nullopt;
    starts[d] = part.start;
    box[d] = part.count;
  }
  return box_offset(*x, box, starts);
}

// Indices that count up by one pick rows that lie together.
Offset gathered_start(const ShapeContext& c, size_t) {
  const auto x = c.shape(0) == nullptr ? std::nullopt : known_shape(*c.shape(0));
  const auto indices = c.ints(1);
  if (!x || !count_of(*x) || !indices || indices->empty()) return std::nullopt;
  int64_t axis = c.attr("axis");
  if (axis < 0) axis += static_cast<int64_t>(x->size());
  std::vector<int64_t> box = *x, starts(x->size(), 0);
  const int64_t size = box.at(static_cast<size_t>(axis));
  const auto row = [&](int64_t i) { return i < 0 ? i + size : i; };
  const int64_t first = row(indices->front());
  for (size_t i = 0; i < indices->size(); ++i)
    if (row((*indices)[i]) != first + static_cast<int64_t>(i)) return std::nullopt;
  box[static_cast<size_t>(axis)] = static_cast<int64_t>(indices->size());
  starts[static_cast<size_t>(axis)] = first;
  if (first < 0 || first > size - static_cast<int64_t>(indices->size())) return std::nullopt;
  return box_offset(*x, box, starts);
}

}  // namespace

const ViewRule whole{all_in_order};
const ViewRule whole_if_as_many{all_if_as_many};
const ViewRule whole_if_alone{all_if_alone};
const ViewRule same_type{of_stated_type};
const ViewRule same_type_like{of_type_of_second};
const ViewRule inference{when_not_training};
const ViewRule in_order{kept_order};
const ViewRule split{split_part, true};
const ViewRule slice{slice_start, true};
const ViewRule gather{gathered_start, true};

}  // namespace tenon::host::view_offsets
