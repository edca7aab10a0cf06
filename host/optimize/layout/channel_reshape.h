// Reshapes that leave the channels apart from all else: N x C x D1 x ... x Dn, of which D1 ... Dn become other
// dimensions, as before attention or in the heads of detectors, or C is cut into several. Where the channels are last
// such a Reshape computes the same values with the channels last. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "host/graph/graph.h"

namespace tenon::host {

struct ChannelReshape {
  std::vector<int64_t>
      shape;         // what the Reshape says where the channels are last: 0 copies N, -1 follows from the rest
  size_t parts = 1;  // dimensions that C becomes; they are the last of `shape`

  /// Of an order of what the Reshape made, the same order of what it makes of channels that are last.
  std::vector<int64_t> moved_order(const std::vector<int64_t>& perm) const;
};

/// Nothing: another node, or its shapes do not surely follow from what it reads.
std::optional<ChannelReshape> find_channel_reshape(const Node& node);

}  // namespace tenon::host
