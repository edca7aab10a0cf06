// What the shape rules take from the geometry of the SDK: its results as the host's, its failures naming the node.
#pragma once

#include <tenon/sdk/status.hpp>
#include <utility>

#include "host/graph/shape_rules/shape_context.h"

namespace tenon::host::shape_rules {

template <typename T>
Result<T> from_sdk(const ShapeContext& c, sdk::Result<T> result) {
  if (!result.is_ok()) return c.fail(result.take_status().message());
  return std::move(result.value());
}
inline Status from_sdk(const ShapeContext& c, const sdk::Status& status) {
  return status.is_ok() ? Status() : c.fail(status.message());
}

/// Sizes, -1 for those that are not known.
inline std::vector<int64_t> sizes_of(const Dims& dims) {
  std::vector<int64_t> sizes;
  for (const Dim& d : dims) sizes.push_back(d.value);
  return sizes;
}

}  // namespace tenon::host::shape_rules
