// ShuffleNet's shuffle of channels: N x C x H x W cut into N x G x C/G x H x W, the two in the middle swapped, and put
// together again. Of channels that are last, the last dimension is cut.
#pragma once

#include <optional>

#include "host/graph/graph.h"

namespace tenon::host {

/// The three nodes; what the first two compute only the next one reads.
struct ChannelShuffle {
  Node* cut = nullptr;
  Node* swap = nullptr;
  Node* join = nullptr;
  int64_t groups = 0, group_channels = 0;

  const Value& x() const { return *cut->inputs[0]; }
  Value& y() const { return *join->outputs[0]; }
};

/// The shuffle that begins at the node; nothing where none does, or where its shapes do not surely follow from x.
std::optional<ChannelShuffle> find_channel_shuffle(Node& cut);

}  // namespace tenon::host
