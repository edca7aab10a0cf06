// Shape rules of operators that make tensors from attributes and sizes, or tell sizes.
#include <cstring>
#include <tenon/sdk/geometry/axes.hpp>

#include "host/graph/shape_rules/rules.h"

namespace tenon::host::shape_rules {
namespace {

Status set_from_sizes(ShapeContext& c, const std::vector<int64_t>& sizes) {
  Dims y;
  for (int64_t d : sizes) {
    if (d < 0) return c.fail("the shape has ", d, ", expected 0 or more");
    y.push_back(known_dim(d));
  }
  c.set(0, std::move(y));
  return {};
}

}  // namespace

Status constant(ShapeContext& c) {
  for (const Attribute& a : c.node().attributes) {
    if (const auto* tensor = std::get_if<Tensor>(&a.payload)) return set_from_sizes(c, tensor->shape());
    if (const auto* ints = std::get_if<std::vector<int64_t>>(&a.payload))
      c.set(0, {known_dim(static_cast<int64_t>(ints->size()))});
    else if (const auto* floats = std::get_if<std::vector<float>>(&a.payload))
      c.set(0, {known_dim(static_cast<int64_t>(floats->size()))});
    else if (const auto* strings = std::get_if<std::vector<std::string>>(&a.payload))
      c.set(0, {known_dim(static_cast<int64_t>(strings->size()))});
    else
      c.set(0, {});
  }
  return {};
}

Status constant_of_shape(ShapeContext& c) {
  TENON_RETURN_IF_ERROR(c.expect_rank(0, 1, "it lists the dimensions of the result"));
  if (const auto sizes = c.ints(0)) return set_from_sizes(c, *sizes);
  const Dims* length = c.shape(0);
  if (length != nullptr && is_known((*length)[0]) && (*length)[0].value <= static_cast<int64_t>(kMaxRank))
    c.set(0, Dims(static_cast<size_t>((*length)[0].value)));
  return {};
}

Status shape_of(ShapeContext& c) {
  const Dims* x = c.shape(0);
  if (x == nullptr) {
    c.set(0, {unknown_dim()});
    return {};
  }
  const auto range = shape_range(c.node(), x->size());
  c.set(0, {known_dim(static_cast<int64_t>(range.second - range.first))});
  return {};
}

Status scalar(ShapeContext& c) {
  c.set(0, {});
  return {};
}

Status from_shape_attribute(ShapeContext& c) {
  if (const auto sizes = c.ints_attr("shape")) return set_from_sizes(c, *sizes);
  return {};
}

// The samples of each row.
Status multinomial(ShapeContext& c) {
  TENON_RETURN_IF_ERROR(c.expect_rank(0, 2, "the input is batch x classes"));
  const Dims* x = c.shape(0);
  const int64_t samples = c.attr("sample_size");
  if (samples < 1) return c.fail("attribute sample_size is ", samples, ", expected at least 1");
  c.set(0, {x == nullptr ? unknown_dim() : (*x)[0], known_dim(samples)});
  return {};
}

Status range(ShapeContext& c) {
  const auto start = c.ints(0);
  const auto limit = c.ints(1);
  const auto delta = c.ints(2);
  c.set(0, {unknown_dim()});
  if (!start || !limit || !delta || start->size() != 1 || limit->size() != 1 || delta->size() != 1) return {};
  if ((*delta)[0] == 0) return c.fail("delta is 0, expected another number");
  WideInt distance = WideInt{(*limit)[0]} - (*start)[0];
  WideInt step = (*delta)[0];
  if (step < 0) {
    distance = -distance;
    step = -step;
  }
  TENON_ASSIGN_OR_RETURN(Dim length, c.computed(distance <= 0 ? 0 : (distance + step - 1) / step, "the length"));
  c.set(0, {std::move(length)});
  return {};
}

Status one_hot(ShapeContext& c) {
  const Dims* indices = c.shape(0);
  if (indices == nullptr) return {};
  const auto depth = c.ints(1);
  TENON_ASSIGN_OR_RETURN(const size_t axis, c.axis(c.attr("axis"), indices->size() + 1));
  Dims y = *indices;
  const bool depth_known = depth && depth->size() == 1 && (*depth)[0] >= 0;
  y.insert(y.begin() + static_cast<ptrdiff_t>(axis), depth_known ? known_dim((*depth)[0]) : unknown_dim());
  c.set(0, std::move(y));
  return {};
}

Status affine_grid(ShapeContext& c) {
  TENON_RETURN_IF_ERROR(c.expect_rank(0, 3, "theta is N x 2 x 3 or N x 3 x 4"));
  const auto sizes = c.ints(1);
  if (!sizes) return {};
  if (sizes->size() != 4 && sizes->size() != 5)
    return c.fail("size has ", sizes->size(), " numbers, expected N, C, H, W or N, C, D, H, W");
  std::vector<int64_t> grid = *sizes;
  grid.erase(grid.begin() + 1);
  grid.push_back(static_cast<int64_t>(sizes->size()) - 2);
  return set_from_sizes(c, grid);
}

Status image(ShapeContext& c) {
  const bool is_gray = c.node().string_attribute("pixel_format") == "Grayscale";
  c.set(0, {unknown_dim(), unknown_dim(), known_dim(is_gray ? 1 : 3)});
  return {};
}

Status non_zero(ShapeContext& c) {
  const Dims* x = c.shape(0);
  // A scalar counts as one dimension in some implementations.
  if (x == nullptr || x->empty()) return {};
  c.set(0, {known_dim(static_cast<int64_t>(x->size())), unknown_dim()});
  return {};
}

}  // namespace tenon::host::shape_rules

namespace tenon::host {

std::pair<size_t, size_t> shape_range(const Node& node, size_t rank) {
  return sdk::listed_dimensions(node.int_attribute("start").value_or(0), node.int_attribute("end").value_or(INT64_MAX),
                                rank);
}

}  // namespace tenon::host
