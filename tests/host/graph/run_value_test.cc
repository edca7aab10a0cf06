#include "host/graph/run_value.h"

#include <catch2/catch.hpp>

#include "tests/support/run_values.h"

using namespace tenon::host;
using namespace tenon::test;
using Catch::Contains;
using Kind = ValueType::Kind;

TEST_CASE("a copy of a sequence keeps its list when the other one changes", "[values]") {
  RunValue first = sequence_of({{1}, {2}});
  const RunValue second = first;
  REQUIRE(first.insert(1, make_tensor<float>({1}, {7})).is_ok());
  first.erase(0);
  CHECK(floats_of(first) == std::vector<Floats>{{7}, {2}});
  CHECK(floats_of(second) == std::vector<Floats>{{1}, {2}});
  CHECK(first.elements()[1].tensor().data() == second.elements()[1].tensor().data());
}

TEST_CASE("a sequence refuses an element of another type", "[values]") {
  RunValue sequence = sequence_of({{1}});
  const Status refused = sequence.insert(0, make_tensor<int64_t>({1}, {1}));
  CHECK(refused.code() == TN_INVALID_ARGUMENT);
  CHECK_THAT(refused.message(), Contains("a int64 is no element of a sequence(float)"));
  const auto mixed =
      RunValue::sequence({Kind::kTensor, TN_FLOAT}, {make_tensor<float>({1}, {1}), make_tensor<int64_t>({1}, {1})});
  CHECK_THAT(mixed.status().message(), Contains("element 1 of a sequence is int64, expected float"));
}

TEST_CASE("an empty sequence of an open type takes the type of its first element", "[values]") {
  RunValue sequence = must(RunValue::sequence({}, {}));
  CHECK(fits(sequence.type(), {Kind::kSequence, TN_INT64}));
  REQUIRE(sequence.insert(0, make_tensor<float>({1}, {1})).is_ok());
  CHECK(sequence.type() == ElementType{Kind::kSequence, TN_FLOAT});
  CHECK_FALSE(fits(sequence.type(), {Kind::kSequence, TN_INT64}));
}

TEST_CASE("values nest no deeper than their types can say", "[values]") {
  const RunValue sequence = sequence_of({{1}});
  CHECK_FALSE(RunValue::sequence(sequence.type(), {sequence}).is_ok());
  const RunValue optional = must(RunValue::optional(sequence));
  CHECK(describe(optional.type()) == "optional(sequence(float))");
  CHECK_FALSE(RunValue::optional(optional).is_ok());
}

TEST_CASE("a map has one value for each key", "[values]") {
  const Tensor keys = make_tensor<int64_t>({2}, {4, 9}), values = make_tensor<float>({2}, {0.5f, 0.25f});
  const RunValue map = must(RunValue::map(keys, values));
  CHECK(describe(map) == "map(int64, float) of 2");
  CHECK_FALSE(RunValue::map(keys, make_tensor<float>({1}, {0.5f})).is_ok());
  CHECK_FALSE(RunValue::map(values, values).is_ok());
  CHECK(describe(must(RunValue::sequence(map.type(), {map})).type()) == "sequence(map(int64, float))");
}
