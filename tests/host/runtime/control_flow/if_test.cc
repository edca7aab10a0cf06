// If: branches, what they read and hand out, and what is refused.
#include <catch2/catch.hpp>

#include "tests/support/control_flow.h"

using namespace tenon::host;
using namespace tenon::test;
using Catch::Contains;

namespace {

/// y = c ? Relu(h) : Neg(h), with h = x + x in the main graph.
void add_if(GraphBuilder& b) {
  b.symbolic_input("c", TN_BOOL, {});
  b.symbolic_input("x", TN_FLOAT, {{-1, "n"}});
  b.node("Add", {"x", "x"}, {"h"});
  const auto branch = [&](const std::string& op, const std::string& name) {
    return subgraph(b, [&](GraphBuilder& inner) {
      inner.node(op, {"h"}, {name});
      inner.output(name);
    });
  };
  b.node("If", {"c"}, {"y"},
         {graph_attr("then_branch", branch("Relu", "t")), graph_attr("else_branch", branch("Neg", "e"))});
  b.output("y");
}

}  // namespace

TEST_CASE("an If runs the branch that its condition names", "[control_flow]") {
  GraphBuilder b;
  add_if(b);
  const auto session = open_on_ref(b);
  for (int repeat = 0; repeat < 3; ++repeat) {
    CHECK(values_of(must_run(*session, {truth("c", true), floats("x", {2}, {-1, 2})})[0]) == Floats{0, 4});
    CHECK(values_of(must_run(*session, {truth("c", false), floats("x", {3}, {-1, 2, 0.5f})})[0]) == Floats{2, -4, -1});
  }
}

TEST_CASE("the branches of an If may stand in any order among its attributes", "[control_flow]") {
  GraphBuilder b;
  b.input("c", TN_BOOL, {1});
  b.input("x", TN_FLOAT, {1});
  const auto otherwise = subgraph(b, [](GraphBuilder& inner) {
    inner.node("Neg", {"x"}, {"e"});
    inner.output("e");
  });
  const auto then = subgraph(b, [](GraphBuilder& inner) {
    inner.node("Abs", {"x"}, {"t"});
    inner.output("t");
  });
  b.node("If", {"c"}, {"y"}, {graph_attr("else_branch", otherwise), graph_attr("then_branch", then)});
  b.output("y");
  const auto session = open_on_ref(b);
  CHECK(values_of(must_run(*session, {truth("c", true, {1}), floats("x", {1}, {3})})[0]) == Floats{3});
  CHECK(values_of(must_run(*session, {truth("c", false, {1}), floats("x", {1}, {3})})[0]) == Floats{-3});
}

TEST_CASE("a branch may hand out outer values and constants as they are", "[control_flow]") {
  GraphBuilder b;
  b.input("c", TN_BOOL, {});
  b.input("x", TN_FLOAT, {2});
  b.constant<float>("outer", {2}, {5, 6});
  const auto then = subgraph(b, [](GraphBuilder& inner) {
    inner.output("x");
    inner.output("outer");
  });
  const auto otherwise = subgraph(b, [](GraphBuilder& inner) {
    inner.constant<float>("own", {2}, {7, 8});
    inner.output("own");
    inner.output("x");
  });
  b.node("If", {"c"}, {"y", "z"}, {graph_attr("then_branch", then), graph_attr("else_branch", otherwise)});
  b.output("y");
  b.output("z");
  const auto session = open_on_ref(b);
  const NamedTensor x = floats("x", {2}, {1, 2});
  const auto yes = must_run(*session, {truth("c", true), x});
  CHECK(values_of(yes[0]) == Floats{1, 2});
  CHECK(values_of(yes[1]) == Floats{5, 6});
  CHECK(yes[0].data() != x.tensor.data());
  const auto no = must_run(*session, {truth("c", false), x});
  CHECK(values_of(no[0]) == Floats{7, 8});
  CHECK(values_of(no[1]) == Floats{1, 2});
}

TEST_CASE("nested branches read the graphs around them at any depth", "[control_flow]") {
  GraphBuilder b;
  b.input("c", TN_BOOL, {});
  b.input("d", TN_BOOL, {});
  b.input("x", TN_FLOAT, {2});
  b.node("Add", {"x", "x"}, {"twice"});
  const auto leaf = [](GraphBuilder& middle, const std::string& op, const std::string& name) {
    return subgraph(middle, [&](GraphBuilder& inner) {
      inner.node(op, {"twice", "m"}, {name});
      inner.output(name);
    });
  };
  const auto then = subgraph(b, [&](GraphBuilder& middle) {
    middle.node("Neg", {"x"}, {"m"});
    middle.node(
        "If", {"d"}, {"t"},
        {graph_attr("then_branch", leaf(middle, "Add", "tt")), graph_attr("else_branch", leaf(middle, "Mul", "te"))});
    middle.output("t");
  });
  const auto otherwise = subgraph(b, [](GraphBuilder& middle) { middle.output("twice"); });
  b.node("If", {"c"}, {"y"}, {graph_attr("then_branch", then), graph_attr("else_branch", otherwise)});
  b.output("y");
  const auto session = open_on_ref(b);
  const NamedTensor x = floats("x", {2}, {1, 3});
  CHECK(values_of(must_run(*session, {truth("c", true), truth("d", true), x})[0]) == Floats{1, 3});
  CHECK(values_of(must_run(*session, {truth("c", true), truth("d", false), x})[0]) == Floats{-2, -18});
  CHECK(values_of(must_run(*session, {truth("c", false), truth("d", false), x})[0]) == Floats{2, 6});
}

TEST_CASE("a condition of several elements is refused with the node's name", "[control_flow]") {
  GraphBuilder b;
  b.symbolic_input("c", TN_BOOL, {{-1, "n"}});
  b.input("x", TN_FLOAT, {1});
  const auto branch = [&] { return subgraph(b, [](GraphBuilder& inner) { inner.output("x"); }); };
  b.node("If", {"c"}, {"y"}, {graph_attr("then_branch", branch()), graph_attr("else_branch", branch())});
  b.output("y");
  const auto session = open_on_ref(b);
  const NamedTensor two{"c", make_tensor<bool>({2}, {true, true})};
  const Status failure = failure_of(*session, {two, floats("x", {1}, {1})});
  CHECK(failure.code() == TN_INVALID_ARGUMENT);
  CHECK_THAT(failure.message(), Contains("node 'y_node' (If, opset 16): the condition is bool 2, expected bool"));
}

TEST_CASE("a branch that gives another type than the graph expects is an error of the run", "[control_flow]") {
  GraphBuilder b;
  b.input("c", TN_BOOL, {});
  b.input("x", TN_FLOAT, {1});
  b.input("n", TN_INT64, {1});
  const auto then = subgraph(b, [](GraphBuilder& inner) { inner.output("x"); });
  const auto otherwise = subgraph(b, [](GraphBuilder& inner) { inner.output("n"); });
  b.node("If", {"c"}, {"h"}, {graph_attr("then_branch", then), graph_attr("else_branch", otherwise)});
  b.value("h")->type.dtype = TN_FLOAT;
  b.node("Neg", {"h"}, {"y"});
  b.output("y");
  const auto session = open_on_ref(b);
  const NamedTensor n{"n", make_tensor<int64_t>({1}, {1})};
  CHECK(values_of(must_run(*session, {truth("c", true), floats("x", {1}, {1}), n})[0]) == Floats{-1});
  const Status failure = failure_of(*session, {truth("c", false), floats("x", {1}, {1}), n});
  CHECK_THAT(failure.message(), Contains("output 0 ('h') comes as int64 1 from the subgraph, the graph expects float"));
}

TEST_CASE("a branch may hand out a sequence", "[control_flow][sequences]") {
  GraphBuilder b;
  b.input("c", TN_BOOL, {});
  b.input("x", TN_FLOAT, {1});
  const auto branch = [&](const std::vector<std::string>& elements, const std::string& name) {
    return subgraph(b, [&](GraphBuilder& inner) {
      inner.node("SequenceConstruct", elements, {name});
      inner.output(name);
    });
  };
  b.node("If", {"c"}, {"s"},
         {graph_attr("then_branch", branch({"x", "x", "x"}, "t")), graph_attr("else_branch", branch({"x"}, "e"))});
  b.node("SequenceLength", {"s"}, {"y"});
  b.output("y");
  const auto session = open_on_ref(b);
  CHECK(ints_of(must_run(*session, {truth("c", true), floats("x", {1}, {1})})[0]) == Ints{3});
  CHECK(ints_of(must_run(*session, {truth("c", false), floats("x", {1}, {1})})[0]) == Ints{1});
}

TEST_CASE("branches with another number of outputs than their node are an invalid model", "[control_flow]") {
  GraphBuilder b;
  b.input("c", TN_BOOL, {});
  b.input("x", TN_FLOAT, {1});
  const auto then = subgraph(b, [](GraphBuilder& inner) { inner.output("x"); });
  const auto otherwise = subgraph(b, [](GraphBuilder&) {});
  b.node("If", {"c"}, {"y"}, {graph_attr("then_branch", then), graph_attr("else_branch", otherwise)});
  b.value("y")->type.dtype = TN_FLOAT;
  b.output("y");
  const auto session = Session::open_model(b.build(), on_cpu_ref());
  REQUIRE_FALSE(session.is_ok());
  CHECK(session.status().code() == TN_INVALID_MODEL);
  CHECK_THAT(session.status().message(), Contains("the list of outputs of a branch has 0, expected 1"));
}
