#include "host/optimize/layout/channel_reshape.h"

#include <algorithm>

#include "host/graph/layout.h"
#include "host/graph/shape_rules/shape_context.h"
#include "host/optimize/layout/movable.h"

namespace tenon::host {
namespace {

// How many of the dimensions behind the first multiply to `channels`; 0: none do.
size_t parts_of(const Dims& y, int64_t channels) {
  int64_t product = 1;
  for (size_t k = 1; k < y.size(); ++k) {
    if (y[k].value < 1 || channels % product != 0 || channels / product % y[k].value != 0) return 0;
    product *= y[k].value;
    if (product == channels) return k;
  }
  return 0;
}

}  // namespace

std::vector<int64_t> ChannelReshape::moved_order(const std::vector<int64_t>& perm) const {
  std::vector<int64_t> moved;
  const auto rank = static_cast<int64_t>(shape.size()), count = static_cast<int64_t>(parts);
  for (const int64_t axis : perm)
    moved.push_back(axis == 0 ? 0 : axis <= count ? rank - count + axis - 1 : axis - count);
  return moved;
}

std::optional<ChannelReshape> find_channel_reshape(const Node& node) {
  if (!is_plain_reshape(node) || node.inputs[0] == nullptr || node.outputs[0] == nullptr) return std::nullopt;
  const Dims *x = proven_dims(node.inputs[0]), *y = proven_dims(node.outputs[0]);
  if (x == nullptr || y == nullptr || x->size() < kLeastLayoutRank || y->size() < kLeastLayoutRank ||
      !is_same((*x)[0], (*y)[0]) || (*x)[1].value < 1)
    return std::nullopt;
  ChannelReshape found{{0}, parts_of(*y, (*x)[1].value)};
  if (found.parts == 0 || found.parts + 1 >= y->size()) return std::nullopt;
  for (size_t i = found.parts + 1; i < y->size(); ++i) found.shape.push_back((*y)[i].value);
  // 0 would copy a dimension, and only one can follow from the rest.
  if (std::count_if(found.shape.begin() + 1, found.shape.end(), [](int64_t d) { return d < 0; }) > 1 ||
      std::count(found.shape.begin() + 1, found.shape.end(), 0) > 0)
    return std::nullopt;
  for (size_t i = 1; i <= found.parts; ++i) found.shape.push_back((*y)[i].value);
  return found;
}

}  // namespace tenon::host
