#include "host/graph/graph.h"

#include <catch2/catch.hpp>

#include "tests/support/graph_builder.h"

using Catch::Matchers::Contains;
using namespace tenon::host;
using namespace tenon::test;

namespace {

std::vector<std::string> op_order(const Graph& graph) {
  std::vector<std::string> ops;
  for (const auto& node : graph.nodes()) ops.push_back(node->op_type);
  return ops;
}

// A node for each of its uses.
std::vector<Node*> readers_of(const Value& value) {
  std::vector<Node*> readers;
  for (const Use& use : value.uses) readers.push_back(use.node);
  return readers;
}

}  // namespace

TEST_CASE("nodes already in order keep the order of the file", "[graph]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2});
  b.node("Relu", {"x"}, {"r"});
  b.node("Neg", {"x"}, {"n"});
  b.node("Abs", {"r"}, {"a"});
  b.node("Exp", {"n"}, {"e"});
  REQUIRE(b.graph().finish().is_ok());
  CHECK(op_order(b.graph()) == std::vector<std::string>{"Relu", "Neg", "Abs", "Exp"});
}

TEST_CASE("nodes given before their producers are sorted", "[graph]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2});
  b.node("Add", {"r", "n"}, {"sum"});
  b.node("Neg", {"r"}, {"n"});
  b.node("Relu", {"x"}, {"r"});
  b.output("sum");
  REQUIRE(b.graph().finish().is_ok());
  CHECK(op_order(b.graph()) == std::vector<std::string>{"Relu", "Neg", "Add"});
}

TEST_CASE("finish links producers and uses", "[graph]") {
  GraphBuilder b;
  Value* x = b.input("x", TN_FLOAT, {2});
  Node* square = b.node("Mul", {"x", "x"}, {"y"});
  Node* relu = b.node("Relu", {"y"}, {"z"});
  b.output("y");
  b.output("z");
  REQUIRE(b.graph().finish().is_ok());
  CHECK(x->use_count() == 2);
  CHECK(readers_of(*x) == std::vector<Node*>{square, square});
  CHECK(x->uses.begin()->input == 0);
  CHECK(std::next(x->uses.begin())->input == 1);
  Value* y = b.value("y");
  CHECK(y->producer == square);
  CHECK(y->use_count() == 2);
  CHECK(readers_of(*y) == std::vector<Node*>{relu});
}

TEST_CASE("finish may be called again without counting twice", "[graph]") {
  GraphBuilder b;
  Value* x = b.input("x", TN_FLOAT, {2});
  b.node("Relu", {"x"}, {"y"});
  REQUIRE(b.graph().finish().is_ok());
  REQUIRE(b.graph().finish().is_ok());
  CHECK(x->use_count() == 1);
  CHECK(x->uses.size() == 1);
}

TEST_CASE("a cycle is an error that names its nodes and only those", "[graph]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2});
  b.node("Add", {"x", "b"}, {"a"});
  b.node("Relu", {"a"}, {"b"});
  b.node("Neg", {"b"}, {"after"});
  const Status status = b.graph().finish();
  CHECK(status.code() == TN_INVALID_MODEL);
  CHECK_THAT(status.message(), Contains("cycle of 2 nodes") && Contains("'a_node' (Add)") && Contains("'b_node'"));
  CHECK_THAT(status.message(), !Contains("after_node"));
}

TEST_CASE("a node that reads its own output is a cycle", "[graph]") {
  GraphBuilder b;
  b.node("Relu", {"y"}, {"y"});
  CHECK_THAT(b.graph().finish().message(), Contains("cycle of 1 node"));
}

TEST_CASE("reading a value that nothing defines names node and value", "[graph]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2});
  b.node("Add", {"x", "ghost"}, {"y"});
  const Status status = b.graph().finish();
  CHECK(status.code() == TN_INVALID_MODEL);
  CHECK_THAT(status.message(), Contains("'y_node'") && Contains("input 1 is 'ghost'"));
}

TEST_CASE("an output that nothing computes is an error", "[graph]") {
  GraphBuilder b;
  b.output("ghost");
  CHECK_THAT(b.graph().finish().message(), Contains("output 'ghost'"));
}

TEST_CASE("two nodes that compute one value are an error naming both", "[graph]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2});
  b.node("Relu", {"x"}, {"y"});
  b.node("Neg", {"x"}, {"y"});
  CHECK_THAT(b.graph().finish().message(), Contains("(Relu)") && Contains("(Neg)"));
}

TEST_CASE("a node must not compute an initializer or a graph input", "[graph]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {1});
  b.constant<float>("w", {1}, {1});
  b.node("Relu", {"x"}, {"w"});
  CHECK_THAT(b.graph().finish().message(), Contains("also an initializer"));
  GraphBuilder c;
  c.input("x", TN_FLOAT, {1});
  c.node("Relu", {"x"}, {"x"});
  CHECK_THAT(c.graph().finish().message(), Contains("also a graph input"));
}

TEST_CASE("a value's name can be taken once", "[graph]") {
  Graph graph;
  REQUIRE(graph.add_value("v").is_ok());
  const auto again = graph.add_value("v");
  CHECK(again.status().code() == TN_INVALID_MODEL);
  CHECK_THAT(again.status().message(), Contains("'v' twice"));
}

TEST_CASE("values without a name get made-up ones", "[graph]") {
  Graph graph;
  auto a = graph.add_value("");
  auto b = graph.add_value("");
  REQUIRE((a.is_ok() && b.is_ok()));
  CHECK((*a)->name != (*b)->name);
  CHECK(graph.find_value((*a)->name) == *a);
}

TEST_CASE("what a subgraph reads from outside becomes an implicit input and sorts the outer nodes", "[graph]") {
  GraphBuilder b;
  b.input("cond", TN_BOOL, {});
  b.input("x", TN_FLOAT, {2});
  Value* late = b.value("late");
  GraphBuilder then(b);
  then.node("Neg", {"late"}, {"then_out"});
  then.output("then_out");
  Node* branch = b.node("If", {"cond"}, {"y"}, {graph_attr("then_branch", then.build_subgraph())});
  b.node("Relu", {"x"}, {"late"});
  b.output("y");
  REQUIRE(b.graph().finish().is_ok());
  CHECK(branch->implicit_inputs == std::vector<Value*>{late});
  CHECK(readers_of(*late) == std::vector<Node*>{branch});
  CHECK(op_order(b.graph()) == std::vector<std::string>{"Relu", "If"});
}

TEST_CASE("outer values pass through every graph between definition and use", "[graph]") {
  GraphBuilder b;
  b.input("cond", TN_BOOL, {});
  Value* x = b.input("x", TN_FLOAT, {2});
  GraphBuilder middle(b);
  GraphBuilder inner(middle);
  inner.node("Neg", {"x"}, {"inner_out"});
  inner.output("inner_out");
  Node* inner_if = middle.node("If", {"cond"}, {"middle_out"}, {graph_attr("then_branch", inner.build_subgraph())});
  middle.output("middle_out");
  Node* outer_if = b.node("If", {"cond"}, {"y"}, {graph_attr("then_branch", middle.build_subgraph())});
  REQUIRE(b.graph().finish().is_ok());
  CHECK(inner_if->implicit_inputs == std::vector<Value*>{x});
  CHECK(outer_if->implicit_inputs == std::vector<Value*>{b.value("cond"), x});
  CHECK(readers_of(*x) == std::vector<Node*>{outer_if});
}

TEST_CASE("a chain of a hundred thousand nodes in reverse order is sorted", "[graph]") {
  constexpr int kLength = 100000;
  GraphBuilder b;
  b.input("v0", TN_FLOAT, {1});
  for (int i = kLength; i > 0; --i) b.node("Relu", {concat("v", i - 1)}, {concat("v", i)});
  REQUIRE(b.graph().finish().is_ok());
  CHECK(b.graph().nodes().front()->outputs[0]->name == "v1");
}

TEST_CASE("erased nodes take their values with them and free the names", "[graph]") {
  GraphBuilder b;
  Value* x = b.input("x", TN_FLOAT, {1});
  Node* dead = b.node("Relu", {"x"}, {"gone"});
  Node* kept = b.node("Neg", {"x"}, {"y"});
  b.output("y");
  REQUIRE(b.graph().finish().is_ok());
  b.graph().erase_node(*dead);
  b.graph().sweep();
  CHECK(b.graph().nodes().size() == 1);
  CHECK(b.graph().find_value("gone") == nullptr);
  CHECK(readers_of(*x) == std::vector<Node*>{kept});
  CHECK(x->use_count() == 1);
  CHECK(b.graph().add_value("gone").is_ok());
}

TEST_CASE("erasing a node keeps a value that another node computes now", "[graph]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {1});
  Node* old_node = b.node("Relu", {"x"}, {"y"});
  b.output("y");
  REQUIRE(b.graph().finish().is_ok());
  Value* y = b.value("y");
  Node* fused = b.node("LeakyRelu", {"x"}, {"y"});
  b.graph().erase_node(*old_node);
  REQUIRE(b.graph().finish().is_ok());
  CHECK(b.graph().find_value("y") == y);
  CHECK(y->producer == fused);
}

TEST_CASE("types and nodes are described for people", "[graph]") {
  ValueType type{ValueType::Kind::kTensor, TN_FLOAT, std::vector<Dim>{{-1, "batch"}, {3, ""}, {-1, ""}}};
  CHECK(describe(type) == "float[batch,3,?]");
  CHECK(numeric_shape(type) == std::vector<int64_t>{-1, 3, -1});
  type.dims.reset();
  CHECK(describe(type) == "float[...]");
  Node node;
  node.op_type = "Conv";
  node.name = "conv1";
  node.since_version = 11;
  CHECK(describe(node) == "node 'conv1' (Conv, opset 11)");
}
