// Shape rules of operators that join, cut, pick, pad and repeat.
#include <tenon/sdk/geometry/join.hpp>
#include <tenon/sdk/geometry/pad.hpp>
#include <tenon/sdk/geometry/slice.hpp>
#include <tenon/sdk/geometry/split.hpp>

#include "host/graph/shape_rules/rules.h"
#include "host/graph/shape_rules/sdk_geometry.h"

namespace tenon::host::shape_rules {
namespace {

Dims unknown_of_rank(const Dims& like) {
  return Dims(like.size());
}

// An attribute in the first opsets, an input since.
std::optional<std::vector<int64_t>> ints_of(const ShapeContext& c, std::string_view attribute, size_t input) {
  return c.node().find_attribute(attribute) != nullptr ? c.ints_attr(attribute) : c.ints(input);
}

}  // namespace

namespace {

// Of input `begin` and every `step`th after it.
Status join(ShapeContext& c, size_t begin, size_t step) {
  const Dims* first = c.shape(begin);
  if (first == nullptr) return {};
  TENON_ASSIGN_OR_RETURN(const size_t axis, c.axis(c.attr("axis"), first->size()));
  Dims y = *first;
  std::vector<int64_t> sizes = sizes_of(y);
  for (size_t i = begin + step; i < c.input_count(); i += step) {
    const Dims* x = c.shape(i);
    if (x == nullptr) return {};
    TENON_RETURN_IF_ERROR(from_sdk(c, sdk::join_shape(&sizes, sizes_of(*x), axis, i)));
    // Names stay where no size is known.
    for (size_t d = 0; d < y.size(); ++d) y[d] = d == axis ? unknown_dim() : *merge(y[d], (*x)[d]);
  }
  if (sizes[axis] >= 0) y[axis] = known_dim(sizes[axis]);
  c.set(0, std::move(y));
  return {};
}

}  // namespace

Status concat_inputs(ShapeContext& c) {
  return join(c, 0, 1);
}

// Scale and zero point of the result, then a tensor with its own, again and again.
Status qlinear_concat(ShapeContext& c) {
  return join(c, 2, 3);
}

Status split(ShapeContext& c) {
  const Dims* x = c.shape(0);
  if (x == nullptr) return {};
  TENON_ASSIGN_OR_RETURN(const size_t axis, c.axis(c.attr("axis"), x->size()));
  const auto pieces = static_cast<int64_t>(c.output_count());
  TENON_RETURN_IF_ERROR(
      from_sdk(c, sdk::check_num_outputs(c.attr("num_outputs", 0), pieces, c.has_input(1), c.version())));
  const bool stated = c.node().find_attribute("split") != nullptr || c.has_input(1);
  const auto lengths = ints_of(c, "split", 1);
  // Lengths that are computed at run time leave no size to split evenly.
  const int64_t size = stated && !lengths ? -1 : (*x)[axis].value;
  TENON_ASSIGN_OR_RETURN(const auto parts, from_sdk(c, sdk::split_lengths(size, pieces, lengths ? &*lengths : nullptr,
                                                                          c.version() >= 18)));
  Dims y = *x;
  for (size_t i = 0; i < parts.size(); ++i) {
    y[axis] = parts[i] < 0 ? unknown_dim() : known_dim(parts[i]);
    c.set(i, y);
  }
  return {};
}

Status slice(ShapeContext& c) {
  const Dims* x = c.shape(0);
  if (x == nullptr) return {};
  const auto starts = ints_of(c, "starts", 1);
  const auto ends = ints_of(c, "ends", 2);
  bool axes_given = false;
  auto axes = c.axes(3, &axes_given);
  auto steps = c.has_input(4) ? c.ints(4) : std::vector<int64_t>();
  if (!axes || (!axes_given && !starts && !ends)) {
    c.set(0, unknown_of_rank(*x));
    return {};
  }
  size_t count = axes->size();
  if (!axes_given) {
    count = starts ? starts->size() : ends->size();
    for (size_t i = 0; i < count; ++i) axes->push_back(static_cast<int64_t>(i));
  }
  TENON_ASSIGN_OR_RETURN(const auto indices, c.distinct_axes(*axes, x->size()));
  if ((starts && starts->size() != count) || (ends && ends->size() != count) ||
      (steps && c.has_input(4) && steps->size() != count))
    return c.fail("'starts', 'ends', 'axes' and 'steps' must have one length, that of the axes is ", count);
  Dims y = *x;
  for (size_t k = 0; k < count; ++k) {
    Dim& d = y[indices[k]];
    const int64_t step = steps && !steps->empty() ? (*steps)[k] : 1;
    if (step == 0) return c.fail("the step along axis ", indices[k], " is 0, expected another number");
    // The whole axis, whatever its size.
    const bool whole = starts && ends && steps && step == 1 && (*starts)[k] == 0 && (*ends)[k] >= INT32_MAX;
    if (whole && !is_known(d)) continue;
    std::optional<int64_t> length;
    if (starts && ends && steps && is_known(d)) length = sdk::slice_axis(d.value, (*starts)[k], (*ends)[k], step).count;
    d = length ? known_dim(*length) : unknown_dim();
  }
  c.set(0, std::move(y));
  return {};
}

Status gather(ShapeContext& c) {
  const Dims* data = c.shape(0);
  const Dims* indices = c.shape(1);
  if (data == nullptr || indices == nullptr) return {};
  TENON_ASSIGN_OR_RETURN(Dims y, from_sdk(c, sdk::gathered_shape(*data, *indices, c.attr("axis"))));
  c.set(0, std::move(y));
  return {};
}

Status gather_elements(ShapeContext& c) {
  const Dims* data = c.shape(0);
  const Dims* indices = c.shape(1);
  if (data != nullptr) {
    TENON_RETURN_IF_ERROR(c.axis(c.attr("axis"), data->size()).status());
    TENON_RETURN_IF_ERROR(c.expect_rank(1, data->size(), "the indices have the rank of the data"));
  }
  if (indices != nullptr) c.set(0, *indices);
  return {};
}

Status gather_nd(ShapeContext& c) {
  const Dims* data = c.shape(0);
  const Dims* indices = c.shape(1);
  if (data == nullptr || indices == nullptr || indices->empty() || !is_known(indices->back())) return {};
  TENON_ASSIGN_OR_RETURN(
      Dims y, from_sdk(c, sdk::gathered_tuples_shape(*data, *indices, indices->back().value, c.attr("batch_dims"))));
  c.set(0, std::move(y));
  return {};
}

Status pad(ShapeContext& c) {
  const Dims* x = c.shape(0);
  if (x == nullptr) return {};
  // The first opset calls the attribute 'paddings'.
  const auto pads = ints_of(c, c.version() < 2 ? "paddings" : "pads", 1);
  bool given = false;
  auto axes = c.axes(3, &given);
  if (!pads || !axes) {
    c.set(0, unknown_of_rank(*x));
    return {};
  }
  TENON_ASSIGN_OR_RETURN(const auto by_axis,
                         from_sdk(c, sdk::pads_by_axis(*pads, given ? &*axes : nullptr, x->size())));
  Dims y = *x;
  for (size_t i = 0; i < y.size(); ++i) {
    TENON_ASSIGN_OR_RETURN(const int64_t size, from_sdk(c, sdk::padded_size(y[i].value, by_axis[i])));
    if (!by_axis[i].keeps_size()) y[i] = size < 0 ? unknown_dim() : known_dim(size);
  }
  c.set(0, std::move(y));
  return {};
}

Status tile(ShapeContext& c) {
  const Dims* x = c.shape(0);
  // The first opset repeats one axis, both given at run time.
  if (x == nullptr || c.version() < 6) return {};
  const auto repeats = c.ints(1);
  if (!repeats) {
    c.set(0, unknown_of_rank(*x));
    return {};
  }
  TENON_ASSIGN_OR_RETURN(const auto sizes, from_sdk(c, sdk::tiled_shape(sizes_of(*x), *repeats)));
  Dims y = *x;
  for (size_t i = 0; i < y.size(); ++i)
    if ((*repeats)[i] != 1) y[i] = sizes[i] < 0 ? unknown_dim() : known_dim(sizes[i]);
  c.set(0, std::move(y));
  return {};
}

Status top_k(ShapeContext& c) {
  const Dims* x = c.shape(0);
  if (x == nullptr) return {};
  TENON_ASSIGN_OR_RETURN(const size_t axis, c.axis(c.attr("axis"), x->size()));
  std::optional<std::vector<int64_t>> k = c.ints(1);
  if (c.version() < 10) k = std::vector<int64_t>{c.attr("k")};
  Dims y = *x;
  y[axis] = unknown_dim();
  if (k && k->size() == 1) {
    if ((*k)[0] < 0 || (is_known((*x)[axis]) && (*k)[0] > (*x)[axis].value))
      return c.fail("K is ", (*k)[0], ", expected 0 to ", (*x)[axis].value, ", the size of axis ", axis);
    y[axis] = known_dim((*k)[0]);
  }
  c.set(1, y);
  c.set(0, std::move(y));
  return {};
}

}  // namespace tenon::host::shape_rules
