// What plugins are answered when they ask a node for its attributes.
#include <catch2/catch.hpp>
#include <tenon/sdk/graph.hpp>

#include "host/graph/schema.h"
#include "host/plugins/abi/abi_tables.h"
#include "tests/support/graph_builder.h"

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

namespace {

/// y = Scan-like node "own" over x and constant c, in a model with opset 7 of its domain.
struct OwnGraph {
  tenon::test::GraphBuilder b{17};
  std::unique_ptr<Model> model;

  OwnGraph() {
    b.model().opset_imports["com.example"] = 7;
    b.input("x", TN_FLOAT, {2, -1});
    b.constant<float>("c", {2}, {1, 2});
    tenon::test::GraphBuilder body(b);
    body.node("Relu", {"x"}, {"r"});
    body.output("r");
    b.node("com.example:Own", {"x", "c"}, {"y"},
           {tenon::test::int_attr("n", 3), tenon::test::graph_attr("body", body.build_subgraph()),
            tenon::test::float_attr("f", 0.5f)});
    b.output("y");
    model = b.build();
  }
  sdk::NodeView node() const { return view_of(*model->graph->nodes()[0]); }
};

}  // namespace

TEST_CASE("what is known of a constant is never its data, which is asked for and noted", "[abi_graph]") {
  const GraphScope scope;
  const OwnGraph g;
  const sdk::ValueView c = g.node().input(1), x = g.node().input(0);
  CHECK(c.info().is_constant());
  CHECK(c.info().raw() == nullptr);
  CHECK(c.info().count() == 2);
  CHECK(scope.constants_read().empty());
  REQUIRE(c.data().has_value());
  CHECK(c.data()->data<float>()[1] == 2);
  CHECK_FALSE(x.data().has_value());
  CHECK(scope.constants_read().size() == 2);
}

TEST_CASE("a weight that is only kept packed has no data", "[abi_graph]") {
  const GraphScope scope;
  const OwnGraph g;
  Value& c = *g.model->graph->find_value("c");
  c.constant = Tensor(TN_FLOAT, {2}, nullptr, 0, nullptr, Residence::kDropped, "");
  CHECK(g.node().input(1).info().is_constant());
  CHECK_FALSE(g.node().input(1).data().has_value());
}

TEST_CASE("a node tells the model's opset of its domain, its attributes and their graphs", "[abi_graph]") {
  const GraphScope scope;
  const OwnGraph g;
  const tn_graph_api& api = graph_api();
  const tn_node* own = g.node().c();
  CHECK(g.node().opset() == 7);
  CHECK(g.node().since_version() == 0);
  REQUIRE(api.attr_count(own) == 3);
  tn_str name;
  uint32_t kind = 0;
  REQUIRE(api.attr_at(own, 1, &name, &kind));
  CHECK(std::string(name.data, name.size) == "body");
  CHECK(kind == TN_ATTR_GRAPH);
  REQUIRE(api.attr_at(own, 2, &name, &kind));
  CHECK(kind == TN_ATTR_FLOAT);
  CHECK_FALSE(api.attr_at(own, 3, &name, &kind));
  const tn_graph* body = api.attr_graph(own, sdk::to_tn_str("body"), 0);
  REQUIRE(body != nullptr);
  REQUIRE(api.graph_node_count(body) == 1);
  CHECK(sdk::NodeView(&api, api.graph_node(body, 0)).opset() == 17);
  CHECK(api.attr_graph(own, sdk::to_tn_str("body"), 1) == nullptr);
  CHECK(api.attr_graph(own, sdk::to_tn_str("n"), 0) == nullptr);
}

TEST_CASE("a value tells whether its graph hands it out, and whether it is no tensor", "[abi_graph]") {
  const GraphScope scope;
  const OwnGraph g;
  CHECK(g.node().output(0).is_output());
  CHECK_FALSE(g.node().input(0).is_output());
  g.model->graph->find_value("y")->type.kind = ValueType::Kind::kSequence;
  const sdk::TensorView info = g.node().output(0).info();
  CHECK((info.c().flags & TN_TENSOR_OTHER_KIND) != 0);
  CHECK(info.dtype() == TN_UNDEFINED);
}
