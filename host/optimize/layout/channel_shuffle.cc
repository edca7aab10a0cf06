#include "host/optimize/layout/channel_shuffle.h"

#include <algorithm>
#include <numeric>

#include "host/graph/layout.h"
#include "host/graph/shape_rules/shape_context.h"
#include "host/optimize/layout/movable.h"

namespace tenon::host {
namespace {

bool swaps_second_and_third(const Node& node, size_t rank) {
  std::vector<int64_t> perm(rank);
  std::iota(perm.begin(), perm.end(), 0);
  std::swap(perm[1], perm[2]);
  return node.domain.empty() && node.op_type == "Transpose" && node.ints_attribute("perm") == perm;
}

}  // namespace

std::optional<ChannelShuffle> find_channel_shuffle(Node& cut) {
  if (!is_plain_reshape(cut) || cut.inputs[0] == nullptr || cut.outputs[0] == nullptr) return std::nullopt;
  const Dims *x = proven_dims(cut.inputs[0]), *parts = proven_dims(cut.outputs[0]);
  if (x == nullptr || parts == nullptr || x->size() < kLeastLayoutRank || parts->size() != x->size() + 1)
    return std::nullopt;
  const int64_t groups = (*parts)[1].value, group_channels = (*parts)[2].value;
  if (groups < 1 || group_channels < 1 || (*x)[1].value < 1 || (*x)[1].value / groups != group_channels ||
      (*x)[1].value % groups != 0 || !is_same((*x)[0], (*parts)[0]) ||
      !std::equal(x->begin() + 2, x->end(), parts->begin() + 3, is_same))
    return std::nullopt;
  Node* swap = only_reader(*cut.outputs[0]);
  if (swap == nullptr || !swaps_second_and_third(*swap, parts->size()) || swap->outputs[0] == nullptr)
    return std::nullopt;
  Node* join = only_reader(*swap->outputs[0]);
  if (join == nullptr || !is_plain_reshape(*join)) return std::nullopt;
  const Dims* y = proven_dims(join->outputs[0]);
  if (y == nullptr || !std::equal(x->begin(), x->end(), y->begin(), y->end(), is_same)) return std::nullopt;
  return ChannelShuffle{&cut, swap, join, groups, group_channels};
}

}  // namespace tenon::host
