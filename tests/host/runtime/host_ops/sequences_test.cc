// The operators that make, read and change sequences.
#include <catch2/catch.hpp>

#include "tests/support/run_values.h"

using namespace tenon::host;
using namespace tenon::test;
using Catch::Contains;
using Kind = ValueType::Kind;

namespace {

const std::vector<Floats> kThree = {{1}, {2, 2}, {3}};

/// One node over the sequence "s", an int64 scalar "at" where it is asked for, and a float tensor "x".
std::unique_ptr<Session> open_node(const std::string& op, const std::vector<std::string>& inputs) {
  GraphBuilder b;
  b.input_of("s", floats_in(Kind::kSequence));
  for (const std::string& input : inputs) {
    if (input == "x") b.symbolic_input("x", TN_FLOAT, {{-1, "n"}});
    if (input == "at") b.input("at", TN_INT64, {});
  }
  b.node(op, inputs, {"y"});
  b.output("y");
  return open_on_ref(b);
}

NamedValue at(int64_t position) {
  return {"at", make_tensor<int64_t>({}, {position})};
}

}  // namespace

TEST_CASE("a sequence is built of tensors, of arena, input and constant", "[sequences]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2});
  b.constant<float>("w", {2}, {5, 6});
  b.node("Neg", {"x"}, {"h"});
  b.node("SequenceConstruct", {"x", "h", "w", "h"}, {"s"});
  b.node("Abs", {"h"}, {"other"});  // would take the memory of h, were it in the arena
  b.node("Neg", {"other"}, {"last"});
  b.output("s");
  b.output("last");
  const auto session = open_on_ref(b);
  const auto results = must_run_values(*session, {{"x", make_tensor<float>({2}, {1, 2})}});
  CHECK(floats_of(results[0]) == std::vector<Floats>{{1, 2}, {-1, -2}, {5, 6}, {-1, -2}});
  CHECK(values_of(results[1].tensor()) == Floats{-1, -2});
}

TEST_CASE("results own their memory: no element lies in the caller's or the model's", "[sequences]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {1});
  b.constant<float>("w", {1}, {5});
  b.node("SequenceConstruct", {"x", "w"}, {"s"});
  b.output("s");
  const auto session = open_on_ref(b);
  const Tensor x = make_tensor<float>({1}, {1});
  const RunValue s = must_run_values(*session, {{"x", x}})[0];
  for (const RunValue& element : s.elements()) CHECK(element.tensor().residence() == Residence::kRuntime);
  CHECK(s.elements()[0].tensor().data() != x.data());
}

TEST_CASE("tensors that are taken from a sequence twice are results of their own", "[sequences]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {1});
  b.constant<int64_t>("zero", {}, {0});
  b.node("Neg", {"x"}, {"h"});
  b.node("SequenceConstruct", {"h"}, {"s"});
  b.node("SequenceAt", {"s", "zero"}, {"y"});
  b.node("SequenceAt", {"s", "zero"}, {"z"});
  b.output("y");
  b.output("z");
  const auto results = must_run_values(*open_on_ref(b), {{"x", make_tensor<float>({1}, {1})}});
  CHECK(values_of(results[0].tensor()) == Floats{-1});
  CHECK(values_of(results[1].tensor()) == Floats{-1});
  CHECK(results[0].tensor().data() != results[1].tensor().data());
}

TEST_CASE("an element goes in before its position, or at the end", "[sequences]") {
  const NamedValue s{"s", sequence_of(kThree)}, x{"x", make_tensor<float>({1}, {9})};
  const auto back = open_node("SequenceInsert", {"s", "x"});
  CHECK(floats_of(must_run_values(*back, {s, x})[0]) == std::vector<Floats>{{1}, {2, 2}, {3}, {9}});
  const auto anywhere = open_node("SequenceInsert", {"s", "x", "at"});
  CHECK(floats_of(must_run_values(*anywhere, {s, x, at(0)})[0]) == std::vector<Floats>{{9}, {1}, {2, 2}, {3}});
  CHECK(floats_of(must_run_values(*anywhere, {s, x, at(3)})[0]) == std::vector<Floats>{{1}, {2, 2}, {3}, {9}});
  CHECK(floats_of(must_run_values(*anywhere, {s, x, at(-1)})[0]) == std::vector<Floats>{{1}, {2, 2}, {9}, {3}});
  CHECK(floats_of(s.value) == kThree);
  for (const int64_t outside : {int64_t{4}, int64_t{-4}, INT64_MIN, INT64_MAX})
    CHECK_THAT(value_failure_of(*anywhere, {s, x, at(outside)}).message(),
               Contains("node 'y_node' (SequenceInsert, opset 11): position") && Contains("expected -3 to 3"));
}

TEST_CASE("an element goes out from its position, or from the end", "[sequences]") {
  const NamedValue s{"s", sequence_of(kThree)};
  CHECK(floats_of(must_run_values(*open_node("SequenceErase", {"s"}), {s})[0]) == std::vector<Floats>{{1}, {2, 2}});
  const auto anywhere = open_node("SequenceErase", {"s", "at"});
  CHECK(floats_of(must_run_values(*anywhere, {s, at(0)})[0]) == std::vector<Floats>{{2, 2}, {3}});
  CHECK(floats_of(must_run_values(*anywhere, {s, at(-2)})[0]) == std::vector<Floats>{{1}, {3}});
  CHECK_FALSE(anywhere->run_values(std::vector<NamedValue>{s, at(3)}).is_ok());
  CHECK_THAT(value_failure_of(*anywhere, {{"s", sequence_of({})}, at(0)}).message(), Contains("the sequence is empty"));
}

TEST_CASE("an element is read at its position", "[sequences]") {
  const NamedValue s{"s", sequence_of(kThree)};
  const auto session = open_node("SequenceAt", {"s", "at"});
  CHECK(values_of(must_run_values(*session, {s, at(1)})[0].tensor()) == Floats{2, 2});
  CHECK(values_of(must_run_values(*session, {s, at(-1)})[0].tensor()) == Floats{3});
  CHECK_THAT(value_failure_of(*session, {s, at(3)}).message(),
             Contains("position 3 is outside of a sequence of 3, expected -3 to 2"));
}

TEST_CASE("a kernel computes on what was taken from a sequence", "[sequences]") {
  GraphBuilder b;
  b.input_of("s", floats_in(Kind::kSequence));
  b.constant<int64_t>("one", {}, {1});
  b.node("SequenceAt", {"s", "one"}, {"h"});
  b.node("Add", {"h", "h"}, {"y"});
  b.output("y");
  CHECK(values_of(must_run_values(*open_on_ref(b), {{"s", sequence_of(kThree)}})[0].tensor()) == Floats{4, 4});
}

TEST_CASE("a sequence can be empty and counts its elements", "[sequences]") {
  GraphBuilder b;
  b.node("SequenceEmpty", {}, {"s"}, {int_attr("dtype", TN_INT64)});
  b.node("SequenceLength", {"s"}, {"n"});
  b.output("s");
  b.output("n");
  const auto results = must_run_values(*open_on_ref(b), {});
  CHECK(describe(results[0]) == "sequence(int64) of 0");
  CHECK(ints_of(results[1].tensor()) == Ints{0});
}

TEST_CASE("an input that is a sequence takes nothing else", "[sequences]") {
  const auto session = open_node("SequenceLength", {"s"});
  const Status tensor = value_failure_of(*session, {{"s", make_tensor<float>({1}, {1})}});
  CHECK(tensor.code() == TN_INVALID_ARGUMENT);
  CHECK_THAT(tensor.message(), Contains("input 's' is given float 1, expected sequence(float)"));
  const RunValue ints = must(RunValue::sequence({Kind::kTensor, TN_INT64}, {make_tensor<int64_t>({1}, {1})}));
  CHECK_THAT(value_failure_of(*session, {{"s", ints}}).message(), Contains("is given sequence(int64) of 1"));
  const Tensor missing(TN_FLOAT, {4}, nullptr, 0, nullptr, Residence::kBorrowed);
  const RunValue broken = must(RunValue::sequence({Kind::kTensor, TN_FLOAT}, {missing}));
  CHECK_THAT(value_failure_of(*session, {{"s", broken}}).message(),
             Contains("element 0 of input 's' (float 4) needs 16"));
}

TEST_CASE("an output that is a sequence cannot be taken as a tensor", "[sequences]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {1});
  b.node("SequenceConstruct", {"x"}, {"s"});
  b.output("s");
  const auto results = open_on_ref(b)->run(std::vector<NamedTensor>{floats("x", {1}, {1})});
  CHECK(results.status().code() == TN_UNSUPPORTED);
  CHECK_THAT(results.status().message(), Contains("output 's' is sequence(float) of 1"));
}

TEST_CASE("the host runs the operators of sequences, and says so", "[sequences][placement]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {1});
  b.node("SequenceConstruct", {"x"}, {"s"});
  b.node("Identity", {"s"}, {"same"});
  b.node("SequenceLength", {"same"}, {"y"});
  b.output("y");
  const auto session = open_on_ref(b);
  CHECK(ints_of(must_run(*session, {floats("x", {1}, {1})})[0]) == Ints{1});
  for (const auto& placed : session->report().placement) CHECK(placed.provider == "host");
}
