// What the shape rules take from the geometry of the SDK: its results as the host's, its failures naming the node.
#pragma once

#include <string>
#include <tenon/sdk/status.hpp>
#include <utility>
#include <variant>
#include <vector>

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

/// The attribute getters by which the SDK reads a node.
struct NodeAttributes {
  const Node& node;

  int since_version() const { return node.since_version; }
  std::string attr_string(const char* name, const char* fallback = "") const {
    return node.string_attribute(name).value_or(fallback);
  }
  int64_t attr_int(const char* name) const { return node.int_attribute(name).value_or(0); }
  bool has_ints(const char* name) const { return node.ints_attribute(name).has_value(); }
  std::vector<int64_t> attr_ints(const char* name) const {
    return node.ints_attribute(name).value_or(std::vector<int64_t>());
  }
  /// Without the defaults of the schema, which no shape depends on.
  float attr_float(const char* name) const { return stated<float>(name); }
  std::vector<float> attr_floats(const char* name) const { return stated<std::vector<float>>(name); }

 private:
  template <typename T>
  T stated(const char* name) const {
    const Attribute* attribute = node.find_attribute(name);
    const T* value = attribute == nullptr ? nullptr : std::get_if<T>(&attribute->payload);
    return value == nullptr ? T() : *value;
  }
};

/// Sizes, -1 for those that are not known.
inline std::vector<int64_t> sizes_of(const Dims& dims) {
  std::vector<int64_t> sizes;
  for (const Dim& d : dims) sizes.push_back(d.value);
  return sizes;
}

}  // namespace tenon::host::shape_rules
