// Tensors with their channels last (N x D1 x ... x Dn x C), where ONNX has them second. Operators of the domain below
// are those of the ONNX domain that have channels (kHasChannels), by the same schemas, but for input 0 and outputs of
// its kind, whose channels are last; weights stay as ONNX has them. ONNX Runtime's name and meaning, so .ort files
// carry them, too. Thread-safe.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "host/graph/graph.h"

namespace tenon::host {

constexpr std::string_view kChannelsLastDomain = "com.ms.internal.nhwc";

inline bool is_channels_last(const Node& node) {
  return node.domain == kChannelsLastDomain;
}

/// Without channels and one more dimension there is nothing to move.
constexpr size_t kLeastLayoutRank = 3;
/// perm of the Transpose that moves the channels to the end, and of the one that moves them back. `rank`: 3 or more.
std::vector<int64_t> to_channels_last(size_t rank);
std::vector<int64_t> to_channels_first(size_t rank);

/// list[perm[0]], list[perm[1]] ...
template <typename T>
std::vector<T> permuted(const std::vector<T>& list, const std::vector<int64_t>& perm) {
  std::vector<T> moved;
  moved.reserve(perm.size());
  for (const int64_t i : perm) moved.push_back(list[static_cast<size_t>(i)]);
  return moved;
}

}  // namespace tenon::host
