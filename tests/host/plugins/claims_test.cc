// The rules of claimed groups: connected, unclaimed, convex, with an interface in the documented order.
#include "host/plugins/claims.h"

#include <catch2/catch.hpp>

#include "tests/host/plugins/test_graph.h"

using namespace tenon::host;
using Catch::Matchers::Contains;

namespace {

// x -> a -> b -> d;  a -> c -> d;  y -> e
struct Diamond {
  TestGraph g;
  const Node* a = g.node("Relu", {"x"}, {"va"});
  const Node* b = g.node("Abs", {"va"}, {"vb"});
  const Node* c = g.node("Neg", {"va"}, {"vc"});
  const Node* d = g.node("Add", {"vb", "vc"}, {"vd"});
  const Node* e = g.node("Exp", {"y"}, {"ve"});
  std::map<const Node*, std::string> taken;

  Diamond() { g.finish({"x", "y"}, {"vd", "ve"}); }
  tn_claims claims(bool can_compile = true) { return tn_claims(g.graph(), taken, can_compile); }
};

std::vector<std::string> names(const std::vector<Value*>& values) {
  std::vector<std::string> out;
  for (const Value* v : values) out.push_back(v->name);
  return out;
}

}  // namespace

TEST_CASE("a connected, convex group is claimed with its interface in order", "[plugins]") {
  Diamond m;
  tn_claims claims = m.claims();
  REQUIRE(claims.claim_group({m.b, m.a}, "Relu+Abs").is_ok());
  CHECK(claims.is_claimed(m.a));
  CHECK(!claims.is_claimed(m.c));
  const ClaimResult result = claims.take();
  REQUIRE(result.groups.size() == 1);
  CHECK(result.groups[0].label == "Relu+Abs");
  CHECK(result.groups[0].nodes.front() == m.a);
  CHECK(names(result.groups[0].inputs) == std::vector<std::string>{"x"});
  CHECK(names(result.groups[0].outputs) == std::vector<std::string>{"va", "vb"});
}

TEST_CASE("a group that a path leaves and re-enters is refused", "[plugins]") {
  Diamond m;
  tn_claims claims = m.claims();
  const Status status = claims.claim_group({m.a, m.b, m.d}, "");
  CHECK(status.code() == TN_UNSUPPORTED);
  CHECK_THAT(status.message(), Contains("leaves the group and comes back") && Contains("'vc_node' (Neg)"));
  CHECK(!claims.is_claimed(m.a));
}

TEST_CASE("a group in two parts is refused", "[plugins]") {
  Diamond m;
  CHECK_THAT(m.claims().claim_group({m.a, m.e}, "").message(), Contains("not connected"));
}

TEST_CASE("nodes that are taken, claimed, named twice or foreign are refused", "[plugins]") {
  Diamond m;
  m.taken[m.c] = "another provider";
  tn_claims claims = m.claims();
  CHECK_THAT(claims.claim_group({m.a, m.c}, "").message(), Contains("'vc_node' (Neg) is claimed already"));
  CHECK_THAT(claims.claim_group({m.a, m.a}, "").message(), Contains("twice"));
  CHECK_THAT(claims.claim_group({nullptr}, "").message(), Contains("no node of the graph"));
  CHECK_THAT(claims.claim_group({}, "").message(), Contains("no nodes"));
  REQUIRE(claims.claim_group({m.e}, "").is_ok());
  CHECK_THAT(claims.claim_group({m.e}, "").message(), Contains("claimed already"));
}

TEST_CASE("a provider without compile hook cannot claim groups", "[plugins]") {
  Diamond m;
  CHECK_THAT(m.claims(false).claim_group({m.a}, "").message(), Contains("no compile hook"));
}

TEST_CASE("a refusal keeps its reason, and a later claim overrules it", "[plugins]") {
  Diamond m;
  tn_claims claims = m.claims();
  claims.refuse(m.a, "too small");
  claims.refuse(m.e, "");
  REQUIRE(claims.claim_group({m.a}, "").is_ok());
  const ClaimResult result = claims.take();
  CHECK(result.refusals.count(m.a) == 0);
  CHECK(result.refusals.at(m.e) == "the provider refuses it without a reason");
  CHECK(result.groups[0].label == "Relu");
}
