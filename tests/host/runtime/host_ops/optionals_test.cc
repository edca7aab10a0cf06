// Optional, OptionalHasElement and OptionalGetElement.
#include <catch2/catch.hpp>

#include "tests/support/run_values.h"

using namespace tenon::host;
using namespace tenon::test;
using Catch::Contains;
using Kind = ValueType::Kind;

namespace {

std::unique_ptr<Session> open_optional(const std::string& op, Kind held = Kind::kTensor) {
  GraphBuilder b(18);
  b.input_of("o", floats_in(Kind::kOptional, held));
  b.node(op, {"o"}, {"y"});
  b.output("y");
  return open_on_ref(b);
}

bool truth_in(const RunValue& value) {
  return value.tensor().span<bool>()[0];
}

}  // namespace

TEST_CASE("an optional tells whether it holds something", "[optionals]") {
  const auto session = open_optional("OptionalHasElement");
  const RunValue one = must(RunValue::optional(make_tensor<float>({1}, {1})));
  CHECK(truth_in(must_run_values(*session, {{"o", one}})[0]));
  CHECK_FALSE(truth_in(must_run_values(*session, {{"o", RunValue::empty_optional({})}})[0]));
}

TEST_CASE("for an optional what it would hold may be given", "[optionals]") {
  const auto session = open_optional("OptionalGetElement");
  CHECK(values_of(must_run_values(*session, {{"o", make_tensor<float>({2}, {1, 2})}})[0].tensor()) == Floats{1, 2});
  CHECK_THAT(value_failure_of(*session, {{"o", make_tensor<int64_t>({1}, {1})}}).message(),
             Contains("input 'o' is given int64 1, expected optional(float)"));
}

TEST_CASE("an optional gives what it holds, or an error", "[optionals]") {
  const auto session = open_optional("OptionalGetElement", Kind::kSequence);
  const RunValue two = must(RunValue::optional(sequence_of({{1}, {2}})));
  CHECK(floats_of(must_run_values(*session, {{"o", two}})[0]) == std::vector<Floats>{{1}, {2}});
  CHECK_THAT(value_failure_of(*session, {{"o", RunValue::empty_optional({Kind::kSequence, TN_FLOAT})}}).message(),
             Contains("node 'y_node' (OptionalGetElement, opset 18): the optional is empty"));
}

TEST_CASE("an optional is made of a value or of a type", "[optionals]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {1});
  b.node("Optional", {"x"}, {"full"});
  b.node("Optional", {}, {"none"}, {{"type", floats_in(Kind::kSequence)}});
  b.output("full");
  b.output("none");
  const auto session = open_on_ref(b);
  CHECK(describe(session->outputs()[1].type) == "optional(sequence(float))");
  const auto results = must_run_values(*session, {{"x", make_tensor<float>({1}, {4})}});
  CHECK(floats_of(results[0]) == std::vector<Floats>{{4}});
  CHECK(describe(results[1]) == "optional(sequence(float)) of 0");
}

TEST_CASE("from opset 18 on a tensor is an optional that holds it", "[optionals]") {
  GraphBuilder b(18);
  b.input("x", TN_FLOAT, {1});
  b.node("Neg", {"x"}, {"h"});
  b.node("OptionalHasElement", {"h"}, {"has"});
  b.node("OptionalGetElement", {"h"}, {"y"});
  b.node("OptionalHasElement", {}, {"none"});
  for (const char* output : {"has", "y", "none"}) b.output(output);
  const auto results = must_run(*open_on_ref(b), {floats("x", {1}, {4})});
  CHECK(results[0].span<bool>()[0]);
  CHECK(values_of(results[1]) == Floats{-4});
  CHECK_FALSE(results[2].span<bool>()[0]);
}
