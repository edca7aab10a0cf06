#include "host/runtime/host_ops/host_operator.h"

#include <catch2/catch.hpp>

#include "tests/support/run_values.h"

using namespace tenon::host;
using namespace tenon::test;
using Kind = ValueType::Kind;

TEST_CASE("an Identity is the host's only where it hands on what is no tensor", "[host_ops]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {1});
  b.input_of("s", floats_in(Kind::kSequence));
  const Node* of_tensor = b.node("Identity", {"x"}, {"y"});
  const Node* of_sequence = b.node("Identity", {"s"}, {"t"});
  const auto model = b.build();
  CHECK(find_host_operator(*of_tensor) == nullptr);
  CHECK(find_host_operator(*of_sequence) != nullptr);
}

TEST_CASE("an operator of another domain is not the host's", "[host_ops]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {1});
  const Node* strange = b.node("com.microsoft:SequenceConstruct", {"x"}, {"y"});
  const auto model = b.build();
  CHECK(find_host_operator(*strange) == nullptr);
}
