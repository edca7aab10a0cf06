// Which provider gets which node, and what is said about it.
#include "host/placement/placement.h"

#include <catch2/catch.hpp>

#include "host/runtime/step_order.h"
#include "tests/support/test_provider.h"

using namespace tenon::host;
using namespace tenon::test;
using Catch::Contains;

namespace {

SessionOptions on(std::vector<const tn_provider*> tables) {
  SessionOptions options;
  options.provider_tables = std::move(tables);
  return options;
}

const NodePlacement& placement_of(const SessionReport& report, const std::string& node) {
  for (const NodePlacement& p : report.placement)
    if (p.node == node) return p;
  FAIL("no node " << node);
  return report.placement.front();
}

}  // namespace

TEST_CASE("the first provider of the order that takes a node gets it", "[placement]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2});
  b.node("Relu", {"x"}, {"yes"});
  b.node("Relu", {"yes"}, {"h"})->name = "no_thanks";
  b.node("Add", {"h", "x"}, {"y"});
  b.output("y");
  const auto session = must_open(b, on({&picky_provider(), &test_provider()}));
  const SessionReport report = session->report();
  CHECK(placement_of(report, "yes_node").provider == "picky");
  CHECK(placement_of(report, "yes_node").reason == "first in the order");
  CHECK(placement_of(report, "no_thanks").provider == "testing");
  CHECK(placement_of(report, "no_thanks").reason == "picky: its name begins with no_; next in the order: testing");
  CHECK_THAT(placement_of(report, "y_node").reason, Contains("picky: no kernel for Add"));
  REQUIRE(report.providers.size() == 2);
  CHECK(report.providers[0].nodes == 1);
  CHECK(report.providers[1].nodes == 2);
}

TEST_CASE("a node that nobody takes is an error with reasons and mend", "[placement]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2});
  b.node("LRN", {"x"}, {"y"}, {int_attr("size", 1)});
  b.output("y");
  const auto session = open(b, on({&picky_provider(), &test_provider()}));
  REQUIRE_FALSE(session.is_ok());
  CHECK(session.status().code() == TN_NO_KERNEL);
  CHECK_THAT(session.status().message(), Contains("picky: no kernel for LRN; testing: no kernel for LRN"));
  CHECK_THAT(session.status().message(), Contains("Add cpu_ref"));
}

TEST_CASE("inspection reports nodes without a provider instead of failing", "[placement]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2});
  b.node("LRN", {"x"}, {"h"}, {int_attr("size", 1)});
  b.node("Relu", {"h"}, {"y"});
  b.output("y");
  SessionOptions options = on({&test_provider()});
  options.require_placement = false;
  const auto session = must_open(b, options);
  CHECK(placement_of(session->report(), "h_node").provider.empty());
  CHECK(placement_of(session->report(), "y_node").provider == "testing");
  const NamedTensor x = floats("x", {2}, {1, 2});
  CHECK_FALSE(session->run({&x, 1}).is_ok());
}

TEST_CASE("a claimed group runs as one kernel", "[placement]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2});
  b.input("z", TN_FLOAT, {2});
  b.node("Add", {"x", "z"}, {"a"});
  b.node("Relu", {"a"}, {"r"});
  b.node("Neg", {"r"}, {"y"});
  b.output("y");
  const auto session = must_open(b, on({&fusing_provider()}));
  CHECK(placement_of(session->report(), "a_node").kernel == "Add+Relu");
  CHECK(placement_of(session->report(), "r_node").kernel == "Add+Relu");
  const auto results = must_run(*session, {floats("x", {2}, {1, -5}), floats("z", {2}, {1, 1})});
  CHECK(values_of(results[0]) == std::vector<float>{-2, 0});
}

TEST_CASE("a group that its provider cannot compile is left to the others with a note", "[placement]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {1});
  b.node("Add", {"x", "x"}, {"a"});
  b.node("Relu", {"a"}, {"y"});
  b.output("y");
  const auto session = must_open(b, on({&fusing_provider(), &test_provider()}));
  CHECK(placement_of(session->report(), "y_node").provider == "testing");
  REQUIRE_FALSE(session->report().notes.empty());
  CHECK_THAT(session->report().notes.back(), Contains("it adds a value to itself"));
}

TEST_CASE("two groups that would wait for each other cannot both be kept", "[placement]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {1});
  const Node* p = b.node("Relu", {"x"}, {"p"});
  const Node* r = b.node("Relu", {"x"}, {"r"});
  const Node* q = b.node("Add", {"p", "r"}, {"q"});
  const Node* s = b.node("Add", {"r", "p"}, {"s"});
  b.output("q");
  b.output("s");
  const auto model = b.build();
  CHECK(can_be_ordered(*model->graph, {{p, q}}));
  CHECK(can_be_ordered(*model->graph, {{r, s}}));
  CHECK_FALSE(can_be_ordered(*model->graph, {{p, q}, {r, s}}));
}

TEST_CASE("an operator with subgraphs that the host does not run is refused in words", "[placement]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {1});
  GraphBuilder inner(b);
  inner.node("Relu", {"x"}, {"r"});
  inner.output("r");
  b.node("test:Repeat", {"x"}, {"y"}, {graph_attr("body", inner.build_subgraph())});
  b.output("y");
  const auto session = open(b);
  REQUIRE_FALSE(session.is_ok());
  CHECK(session.status().code() == TN_NO_KERNEL);
  CHECK_THAT(session.status().message(),
             Contains("node 'y_node' (test.Repeat") && Contains("If, Loop, Scan and SequenceMap"));
}

TEST_CASE("a node that waits for the type of an unknown one is not listed as without a provider", "[placement]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2});
  b.node("test:Unknown", {"x"}, {"u"});
  b.node("Relu", {"u"}, {"a"});
  b.node("Add", {"a", "x"}, {"y"});
  b.node("LRN", {"y"}, {"z"}, {int_attr("size", 1)});
  b.output("z");
  const auto options = on({&typed_provider()});
  const auto session = open(b, options);
  REQUIRE_FALSE(session.is_ok());
  CHECK_THAT(session.status().message(),
             Contains("Nodes without a provider: LRN x1, test.Unknown x1 (2 more wait for"));
}

TEST_CASE("inspection says of a node that waits for an unknown one what it waits for", "[placement]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2});
  b.node("test:Unknown", {"x"}, {"u"});
  b.node("Relu", {"u"}, {"y"});
  b.output("y");
  SessionOptions options = on({&typed_provider()});
  options.require_placement = false;
  const auto session = must_open(b, options);
  CHECK_THAT(placement_of(session->report(), "y_node").reason, Contains("waits for the types that node 'u_node'"));
}
