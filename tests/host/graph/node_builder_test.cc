#include "host/graph/node_builder.h"

#include <catch2/catch.hpp>

#include "tests/support/graph_builder.h"

using namespace tenon::host;
using tenon::test::make_tensor;

TEST_CASE("a built graph is connected before it is finished", "[graph]") {
  Graph graph;
  NodeBuilder build(graph);
  Value* x = *build.input("x", {ValueType::Kind::kTensor, TN_FLOAT, std::vector<Dim>{{2, ""}}});
  Value* w = *build.constant("", make_tensor<float>({2}, {1, 2}));
  Value* y = *build.value("y");
  Node* add = build.node("Add", {x, w}, {y});
  build.output(*y);
  CHECK(y->producer == add);
  CHECK(y->use_count() == 1);
  CHECK(w->uses.begin()->node == add);
  CHECK(w->uses.begin()->input == 1);
  CHECK_FALSE(w->name.empty());
  Value* z = *build.value("z");
  Node* gelu = build.node("com.microsoft:Gelu", {x}, {z}, {}, add);
  CHECK(gelu->domain == "com.microsoft");
  CHECK(gelu->op_type == "Gelu");
  build.graph().set_input(*add, 0, z);
  REQUIRE(graph.finish().is_ok());
  CHECK(graph.nodes().front().get() == gelu);
}
