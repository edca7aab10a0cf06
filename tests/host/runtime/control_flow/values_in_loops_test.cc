// Sequences, optionals and maps through the bodies of control flow.
#include <catch2/catch.hpp>
#include <chrono>

#include "host/formats/onnx/exporter.h"
#include "tests/support/run_values.h"
#include "tests/support/temp_folder.h"

using namespace tenon::host;
using namespace tenon::test;
using Catch::Contains;
using Kind = ValueType::Kind;

namespace {

/// s = trips times s + [x * i], `x` from around the Loop.
void add_growing(GraphBuilder& b, const std::string& element = "scaled") {
  b.input("trips", TN_INT64, {});
  b.input_of("s0", floats_in(Kind::kSequence));
  b.symbolic_input("x", TN_FLOAT, {{-1, "n"}});
  const auto body = subgraph(b, [&](GraphBuilder& inner) {
    loop_inputs(inner, "");
    inner.input_of("before", floats_in(Kind::kSequence));
    inner.node("Cast", {"i"}, {"factor"}, {int_attr("to", TN_FLOAT)});
    inner.node("Mul", {"x", "factor"}, {"scaled"});
    inner.node("SequenceInsert", {"before", element}, {"after"});
    inner.output("cond");
    inner.output("after");
  });
  b.node("Loop", {"trips", "", "s0"}, {"s"}, {graph_attr("body", body)});
  b.output("s");
}

std::vector<NamedValue> growing(int64_t trips, const Floats& x, const std::vector<Floats>& s0 = {}) {
  return {{"trips", make_tensor<int64_t>({}, {trips})},
          {"s0", sequence_of(s0)},
          {"x", make_tensor<float>({static_cast<int64_t>(x.size())}, x)}};
}

RunValue map_of_two() {
  return must(RunValue::map(make_tensor<int64_t>({2}, {3, 4}), make_tensor<float>({2}, {0.5f, 0.25f})));
}

}  // namespace

TEST_CASE("a Loop carries a sequence that grows", "[control_flow][sequences]") {
  GraphBuilder b;
  add_growing(b);
  const auto session = open_on_ref(b);
  const auto inputs = growing(3, {1, 2}, {{7}});
  for (int run = 0; run < 2; ++run)
    CHECK(floats_of(must_run_values(*session, inputs)[0]) == std::vector<Floats>{{7}, {0, 0}, {1, 2}, {2, 4}});
  CHECK(floats_of(inputs[1].value) == std::vector<Floats>{{7}});
  CHECK(floats_of(must_run_values(*session, growing(0, {1}, {{7}}))[0]) == std::vector<Floats>{{7}});
}

TEST_CASE("a sequence that grows in a Loop does not copy its list each time", "[control_flow][sequences]") {
  GraphBuilder b;
  add_growing(b);
  const auto session = open_on_ref(b);
  const auto took = [&](int64_t trips) {
    const auto begin = std::chrono::steady_clock::now();
    CHECK(must_run_values(*session, growing(trips, {1}))[0].elements().size() == static_cast<size_t>(trips));
    return std::chrono::steady_clock::now() - begin;
  };
  took(100);
  CHECK(took(20000) < 40 * 8 * std::max(took(500), std::chrono::steady_clock::duration(std::chrono::milliseconds(1))));
}

TEST_CASE("a sequence that grows in a Loop is bounded by the run's memory", "[control_flow][sequences]") {
  SessionOptions options = on_cpu_ref();
  options.run_memory_limit_bytes = 4 << 20;
  for (const std::string element : {"scaled", "x"}) {
    GraphBuilder b;
    add_growing(b, element);
    const auto session = open_on_ref(b, options);
    for (const size_t floats : {size_t{0}, size_t{1}, size_t{1} << 14}) {
      const Status failure = value_failure_of(*session, growing(int64_t{1} << 40, Floats(floats, 1)));
      CHECK(failure.code() == TN_OUT_OF_MEMORY);
      CHECK_THAT(failure.message(), Contains("(Loop, opset 16): iteration ") && Contains("limit of 4194304 bytes"));
    }
    CHECK(must_run_values(*session, growing(30, Floats(size_t{1} << 14, 1)))[0].elements().size() == 30);
  }
}

TEST_CASE("a branch that keeps an outer tensor shares no memory of a result with it", "[control_flow][sequences]") {
  GraphBuilder b;
  b.input("c", TN_BOOL, {});
  b.input("x", TN_FLOAT, {1});
  b.node("Neg", {"x"}, {"h"});
  const auto then = subgraph(b, [](GraphBuilder& inner) {
    inner.node("SequenceConstruct", {"h"}, {"s"});
    inner.output("h");
    inner.output("s");
  });
  const auto otherwise = subgraph(b, [](GraphBuilder& inner) {
    inner.node("SequenceEmpty", {}, {"none"});
    inner.output("x");
    inner.output("none");
  });
  b.node("If", {"c"}, {"y", "t"}, {graph_attr("then_branch", then), graph_attr("else_branch", otherwise)});
  for (const char* output : {"h", "y", "t"}) b.output(output);
  const auto results =
      must_run_values(*open_on_ref(b), {{"c", make_tensor<bool>({}, {true})}, {"x", make_tensor<float>({1}, {2})}});
  for (const size_t i : {0, 1}) CHECK(values_of(results[i].tensor()) == Floats{-2});
  CHECK(floats_of(results[2]) == std::vector<Floats>{{-2}});
  CHECK(results[0].tensor().data() != results[1].tensor().data());
  CHECK(results[0].tensor().data() != results[2].elements()[0].tensor().data());
  CHECK(results[1].tensor().data() != results[2].elements()[0].tensor().data());
}

TEST_CASE("each iteration finds a sequence of an outer graph as it is", "[control_flow][sequences]") {
  GraphBuilder b;
  b.input("trips", TN_INT64, {});
  b.input_of("s", floats_in(Kind::kSequence));
  b.input("x", TN_FLOAT, {1});
  b.node("SequenceInsert", {"s", "x"}, {"outer"});
  const auto body = subgraph(b, [](GraphBuilder& inner) {
    loop_inputs(inner, "");
    inner.node("SequenceInsert", {"outer", "x"}, {"longer"});
    inner.node("SequenceLength", {"longer"}, {"n"});
    inner.output("cond");
    inner.output("n");
  });
  b.node("Loop", {"trips", ""}, {"y"}, {graph_attr("body", body)});
  b.output("y");
  const auto y = must_run_values(
      *open_on_ref(b),
      {{"trips", make_tensor<int64_t>({}, {3})}, {"s", sequence_of({{1}})}, {"x", make_tensor<float>({1}, {2})}})[0];
  CHECK(ints_of(y.tensor()) == Ints{3, 3, 3});
}

TEST_CASE("a tensor that is in a sequence many times counts once", "[control_flow][sequences]") {
  GraphBuilder b;
  b.input("trips", TN_INT64, {});
  b.input_of("s0", floats_in(Kind::kSequence));
  b.symbolic_input("x", TN_FLOAT, {{-1, "n"}});
  b.node("Neg", {"x"}, {"h"});
  const auto body = subgraph(b, [&](GraphBuilder& inner) {
    loop_inputs(inner, "");
    inner.input_of("before", floats_in(Kind::kSequence));
    inner.node("SequenceInsert", {"before", "h"}, {"after"});
    inner.output("cond");
    inner.output("after");
  });
  b.node("Loop", {"trips", "", "s0"}, {"s"}, {graph_attr("body", body)});
  b.output("s");
  SessionOptions options = on_cpu_ref();
  options.run_memory_limit_bytes = 4 << 20;
  const auto session = open_on_ref(b, options);
  const RunValue s = must_run_values(*session, growing(100, Floats(size_t{1} << 17, 1)))[0];
  REQUIRE(s.elements().size() == 100);
  CHECK(s.elements()[0].tensor().data() == s.elements()[99].tensor().data());
}

TEST_CASE("an endless Loop over a sequence heeds its deadline", "[control_flow][sequences]") {
  GraphBuilder b;
  b.input_of("s0", floats_in(Kind::kSequence));
  const auto body = subgraph(b, [](GraphBuilder& inner) {
    loop_inputs(inner, "");
    inner.input_of("before", floats_in(Kind::kSequence));
    inner.node("Identity", {"before"}, {"after"});
    inner.output("cond");
    inner.output("after");
  });
  b.node("Loop", {"", "", "s0"}, {"s"}, {graph_attr("body", body)});
  b.output("s");
  const auto session = open_on_ref(b);
  RunOptions options;
  options.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
  const auto late = session->run_values(std::vector<NamedValue>{{"s0", sequence_of({{1}})}}, {}, options);
  CHECK(late.status().code() == TN_DEADLINE_EXCEEDED);
}

TEST_CASE("a Loop ends when an optional is full", "[control_flow][optionals]") {
  GraphBuilder b(18);
  b.input_of("o", floats_in(Kind::kOptional, Kind::kSequence));
  b.input("x", TN_FLOAT, {1});
  const auto body = subgraph(b, [](GraphBuilder& inner) {
    loop_inputs(inner, "");
    inner.input_of("before", floats_in(Kind::kOptional, Kind::kSequence));
    inner.node("OptionalHasElement", {"before"}, {"has"});
    inner.node("Not", {"has"}, {"goes_on"});
    inner.node("SequenceConstruct", {"x"}, {"one"});
    inner.node("Optional", {"one"}, {"after"});
    inner.output("goes_on");
    inner.output("after");
  });
  b.node("Loop", {"", "", "o"}, {"y"}, {graph_attr("body", body)});
  b.output("y");
  const auto y = must_run_values(*open_on_ref(b), {{"o", RunValue::empty_optional({Kind::kSequence, TN_FLOAT})},
                                                   {"x", make_tensor<float>({1}, {3})}})[0];
  REQUIRE(y.elements().size() == 1);
  CHECK(floats_of(y.elements()[0]) == std::vector<Floats>{{3}});
}

TEST_CASE("where a body takes an optional, what it would hold stands for one", "[control_flow][optionals]") {
  GraphBuilder b(18);
  b.input("trips", TN_INT64, {});
  b.input_of("o", floats_in(Kind::kOptional, Kind::kSequence));
  b.input("x", TN_FLOAT, {1});
  const auto body = subgraph(b, [](GraphBuilder& inner) {
    loop_inputs(inner, "");
    inner.input_of("before", floats_in(Kind::kOptional, Kind::kSequence));
    inner.node("SequenceConstruct", {"x", "x"}, {"after"});
    inner.output("cond");
    inner.output("after");
  });
  b.node("Loop", {"trips", "", "o"}, {"y"}, {graph_attr("body", body)});
  b.output("y");
  const auto y = must_run_values(*open_on_ref(b), {{"trips", make_tensor<int64_t>({}, {3})},
                                                   {"o", RunValue::empty_optional({Kind::kSequence, TN_FLOAT})},
                                                   {"x", make_tensor<float>({1}, {3})}})[0];
  CHECK(floats_of(y) == std::vector<Floats>{{3}, {3}});
}

TEST_CASE("a map goes through Identity, an optional and the branches of an If", "[control_flow][maps]") {
  GraphBuilder b;
  b.input("c", TN_BOOL, {});
  b.input_of("m", floats_in(Kind::kMap, Kind::kTensor, TN_INT64));
  const auto branch = [&](const std::string& name) {
    return subgraph(b, [&](GraphBuilder& inner) {
      inner.node("Identity", {"m"}, {name});
      inner.output(name);
    });
  };
  b.node("If", {"c"}, {"y"}, {graph_attr("then_branch", branch("t")), graph_attr("else_branch", branch("e"))});
  b.output("y");
  const auto session = open_on_ref(b);
  CHECK(describe(session->outputs()[0].type) == "map(int64, float)");
  const RunValue y = must_run_values(*session, {{"c", make_tensor<bool>({}, {true})}, {"m", map_of_two()}})[0];
  REQUIRE(y.kind() == Kind::kMap);
  CHECK(ints_of(y.keys()) == Ints{3, 4});
  CHECK(values_of(y.values()) == Floats{0.5f, 0.25f});
  CHECK(y.values().residence() == Residence::kRuntime);
  const RunValue words =
      must(RunValue::map(must(Tensor::from_strings({1}, {"a"}, Residence::kCopied)), make_tensor<float>({1}, {1})));
  CHECK_THAT(value_failure_of(*session, {{"c", make_tensor<bool>({}, {true})}, {"m", words}}).message(),
             Contains("input 'm' is given map(string, float) of 1, expected map(int64, float)"));
}

TEST_CASE("a SequenceMap runs its body for each element", "[control_flow][sequences]") {
  GraphBuilder b;
  b.input_of("s", floats_in(Kind::kSequence));
  b.input_of("t", floats_in(Kind::kSequence));
  b.input("x", TN_FLOAT, {1});
  const auto body = subgraph(b, [](GraphBuilder& inner) {
    for (const char* name : {"a", "b", "c"}) inner.symbolic_input(name, TN_FLOAT, {{-1, "n"}});
    inner.node("Add", {"a", "b"}, {"sum"});
    inner.node("Mul", {"sum", "c"}, {"out"});
    inner.output("out");
    inner.output("a");
  });
  b.node("SequenceMap", {"s", "t", "x"}, {"y", "z"}, {graph_attr("body", body)});
  b.output("y");
  b.output("z");
  const auto session = open_on_ref(b);
  const NamedValue s{"s", sequence_of({{1}, {2, 3}})}, x{"x", make_tensor<float>({1}, {10})};
  const auto results = must_run_values(*session, {s, {"t", sequence_of({{4}, {5}})}, x});
  CHECK(floats_of(results[0]) == std::vector<Floats>{{50}, {70, 80}});
  CHECK(floats_of(results[1]) == std::vector<Floats>{{1}, {2, 3}});
  CHECK_THAT(value_failure_of(*session, {s, {"t", sequence_of({{4}})}, x}).message(),
             Contains("input 1 is sequence(float) of 1, expected 2 elements"));
}

TEST_CASE("a Scan takes tensors only", "[control_flow][sequences]") {
  GraphBuilder b;
  b.input_of("s", floats_in(Kind::kSequence));
  b.input("x", TN_FLOAT, {2});
  const auto body = subgraph(b, [](GraphBuilder& inner) {
    inner.input_of("state", floats_in(Kind::kSequence));
    inner.input("slice", TN_FLOAT, {});
    inner.output("state");
    inner.output("slice");
  });
  b.node("Scan", {"s", "x"}, {"y", "z"}, {graph_attr("body", body), int_attr("num_scan_inputs", 1)});
  b.output("z");
  const auto session = Session::open_model(b.build(), on_cpu_ref());
  CHECK(session.status().code() == TN_INVALID_MODEL);
  CHECK_THAT(session.status().message(), Contains("is sequence(float)"));
}

TEST_CASE("a model with sequences is restored from its pack", "[sequences][packs]") {
  const TempFolder folder;
  GraphBuilder b;
  add_growing(b);
  b.node("Optional", {}, {"none"}, {{"type", floats_in(Kind::kSequence)}});
  b.output("none");
  const auto model = folder.path() / "m.onnx";
  REQUIRE(export_onnx_file(*b.build(), model).is_ok());
  SessionOptions options = on_cpu_ref();
  options.pack.mode = PackMode::kAuto;
  options.pack.folder = folder.path() / "cache";
  options.pack.min_source_bytes = 0;
  for (const std::string state : {"made", "used"}) {
    const auto session = Session::open(model, options);
    INFO(session.status().message());
    REQUIRE(session.is_ok());
    CHECK((*session)->report().pack.state == state);
    CHECK(describe((*session)->inputs()[1].type) == "sequence(float)");
    CHECK(describe((*session)->outputs()[1].type) == "optional(sequence(float))");
    const auto results = must_run_values(**session, growing(2, {1}, {{7}}));
    CHECK(floats_of(results[0]) == std::vector<Floats>{{7}, {0}, {1}});
    CHECK(describe(results[1]) == "optional(sequence(float)) of 0");
  }
}
