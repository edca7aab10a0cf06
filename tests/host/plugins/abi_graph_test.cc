// What plugins are answered when they ask a node for its attributes.
#include <catch2/catch.hpp>
#include <tenon/sdk/graph.hpp>

#include "host/graph/schema.h"
#include "host/plugins/abi_tables.h"

using namespace tenon;
using namespace tenon::host;

namespace {

// Calls `check` with the schema and the attribute of every default in the tables.
template <typename Check>
void for_each_default(Check&& check) {
  for (const auto table : {onnx_schemas(), contrib_schemas()})
    for (const OpSchema& schema : table)
      for (const AttributeSchema& attribute : schema.attributes)
        if (attribute.default_value != nullptr) check(schema, attribute);
}

Node node_of(const OpSchema& schema) {
  Node node;
  node.domain = schema.domain;
  node.op_type = schema.op_type;
  node.since_version = schema.since_version;
  node.schema = &schema;
  return node;
}

sdk::NodeView view_of(const Node& node) {
  return {&graph_api(), to_abi(&node)};
}

// Whether the getter of the attribute's kind answers with its default.
bool is_answered(const sdk::NodeView& node, const AttributeSchema& attribute) {
  const std::string_view name = attribute.name;
  const AttributeDefault& value = *attribute.default_value;
  switch (attribute.kind) {
    case AttributeKind::kInt: return node.attr_int(name, 12345) == std::get<int64_t>(value);
    case AttributeKind::kFloat: return node.attr_float(name, 12345) == std::get<float>(value);
    case AttributeKind::kString: return node.attr_string(name, "other") == std::get<std::string_view>(value);
    case AttributeKind::kInts: {
      const IntsDefault list = std::get<IntsDefault>(value);
      return node.attr_ints(name) == std::vector<int64_t>(list.begin(), list.end());
    }
    case AttributeKind::kFloats: {
      const FloatsDefault list = std::get<FloatsDefault>(value);
      return node.attr_floats(name) == std::vector<float>(list.begin(), list.end());
    }
    case AttributeKind::kStrings: {
      const StringsDefault list = std::get<StringsDefault>(value);
      return node.attr_strings(name) == std::vector<std::string>(list.begin(), list.end());
    }
    default: return false;
  }
}

}  // namespace

TEST_CASE("getters answer with the default of every operator's form", "[abi_graph]") {
  const GraphScope scope;
  size_t defaults = 0;
  for_each_default([&](const OpSchema& schema, const AttributeSchema& attribute) {
    INFO(schema.op_type << " of opset " << schema.since_version << ": " << attribute.name);
    CHECK(is_answered(view_of(node_of(schema)), attribute));
    ++defaults;
  });
  CHECK(defaults > 600);
}

TEST_CASE("what a node says counts for more than the default", "[abi_graph]") {
  const GraphScope scope;
  Node node = node_of(*find_schema("", "Gemm", 13));
  node.attributes = {{"alpha", 0.5f}, {"transA", int64_t{1}}};
  CHECK(view_of(node).attr_float("alpha") == 0.5f);
  CHECK(view_of(node).attr_float("beta") == 1);
  CHECK(view_of(node).attr_int("transA") == 1);
}

TEST_CASE("an attribute of another type is not answered with the default", "[abi_graph]") {
  Node node = node_of(*find_schema("", "Gemm", 13));
  node.attributes = {{"alpha", int64_t{3}}};
  float value = 7;
  CHECK_FALSE(graph_api().attr_float(to_abi(&node), sdk::to_tn_str("alpha"), &value));
  CHECK(value == 7);
}

TEST_CASE("an attribute without a default is the getter's fallback, and 0 or empty without one", "[abi_graph]") {
  const Node node = node_of(*find_schema("", "Squeeze", 11));
  CHECK_FALSE(view_of(node).has_ints("axes"));
  CHECK(view_of(node).attr_ints("axes").empty());
  CHECK(view_of(node).attr_int("none") == 0);
  CHECK(view_of(node).attr_int("none", -3) == -3);
  CHECK(view_of(node).attr_string("none").empty());
}

TEST_CASE("a node of an operator without a schema has no defaults", "[abi_graph]") {
  Node node;
  node.domain = "com.example";
  node.op_type = "Gemm";
  CHECK(view_of(node).attr_float("alpha", 0.25f) == 0.25f);
}
