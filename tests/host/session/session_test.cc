// Sessions over the in-process test provider: results, memory, and what is refused.
#include "host/session/session.h"

#include <catch2/catch.hpp>
#include <thread>

#include "tests/support/test_provider.h"

using namespace tenon::host;
using namespace tenon::test;
using Catch::Contains;

namespace {

using Floats = std::vector<float>;

/// x -> Relu -> h; h + x -> y, all of shape [rows, 4].
void add_residual(GraphBuilder& b, const Dim& rows) {
  b.symbolic_input("x", TN_FLOAT, {rows, {4, ""}});
  b.node("Relu", {"x"}, {"h"});
  b.node("Add", {"h", "x"}, {"y"});
  b.output("y");
}

}  // namespace

TEST_CASE("a session computes what its graph says", "[session]") {
  GraphBuilder b;
  add_residual(b, {2, ""});
  const auto session = must_open(b);
  const auto results = must_run(*session, {floats("x", {2, 4}, {1, -2, 3, -4, 5, -6, 7, -8})});
  REQUIRE(results.size() == 1);
  CHECK(results[0].shape() == std::vector<int64_t>{2, 4});
  CHECK(values_of(results[0]) == Floats{2, -2, 6, -4, 10, -6, 14, -8});
}

TEST_CASE("a session with symbolic dimensions runs shape after shape", "[session]") {
  GraphBuilder b;
  add_residual(b, {-1, "rows"});
  const auto session = must_open(b);
  for (const int64_t rows : {1, 3, 1, 3, 0, 2, 0})
    for (int repeat = 0; repeat < 2; ++repeat) {
      const auto results = must_run(*session, {floats("x", {rows, 4}, Floats(static_cast<size_t>(rows * 4), 1.5f))});
      CHECK(results[0].shape() == std::vector<int64_t>{rows, 4});
      CHECK(values_of(results[0]) == Floats(static_cast<size_t>(rows * 4), 3.0f));
    }
}

TEST_CASE("a long chain gives the same result on the heap and in the arena", "[session]") {
  GraphBuilder b;
  b.symbolic_input("x", TN_FLOAT, {{-1, "n"}});
  std::string last = "x";
  for (int i = 0; i < 20; ++i) {
    const std::string relu = "r" + std::to_string(i), sum = "s" + std::to_string(i);
    b.node("Relu", {last}, {relu});
    b.node("Add", {relu, i % 3 == 0 ? "x" : last}, {sum});
    last = sum;
  }
  b.output(last);
  const auto session = must_open(b);
  const NamedTensor x = floats("x", {5}, {1, 2, -3, 4, 0.5f});
  const Floats first = values_of(must_run(*session, {x})[0]);
  CHECK(session->report().memory.arena_bytes == 0);
  CHECK(values_of(must_run(*session, {x})[0]) == first);
  CHECK(session->report().memory.arena_bytes > 0);
}

TEST_CASE("values may grow after they were planned", "[session]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {4});
  b.node("test:Positives", {"x"}, {"p"});
  b.node("Relu", {"p"}, {"q"});
  b.node("Add", {"q", "p"}, {"y"});
  b.output("y");
  const auto session = must_open(b);
  CHECK(values_of(must_run(*session, {floats("x", {4}, {-1, -1, -1, 2})})[0]) == Floats{4});
  CHECK(values_of(must_run(*session, {floats("x", {4}, {1, 2, 3, 4})})[0]) == Floats{2, 4, 6, 8});
  CHECK(values_of(must_run(*session, {floats("x", {4}, {1, 2, 3, -4})})[0]) == Floats{2, 4, 6});
  CHECK(must_run(*session, {floats("x", {4}, {-1, -1, -1, -1})})[0].element_count() == 0);
}

TEST_CASE("an input that is broadcast is not overwritten in place", "[session]") {
  GraphBuilder b;
  b.symbolic_input("a", TN_FLOAT, {{-1, "m"}});
  b.symbolic_input("b", TN_FLOAT, {{-1, "n"}});
  b.node("test:Positives", {"a"}, {"p"});
  b.node("test:Positives", {"b"}, {"q"});
  b.node("Add", {"p", "q"}, {"s"});
  b.node("Relu", {"s"}, {"y"});
  b.output("y");
  const auto session = must_open(b);
  // The plan of the first run lets 's' take the memory of 'p'; the second run must not.
  must_run(*session, {floats("a", {2}, {1, 2}), floats("b", {2}, {10, 20})});
  const auto results = must_run(*session, {floats("a", {2}, {1, -2}), floats("b", {2}, {10, 20})});
  CHECK(values_of(results[0]) == Floats{11, 21});
}

TEST_CASE("outputs may be inputs, constants, or named twice", "[session]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2});
  b.constant<float>("c", {3}, {1, 2, 3});
  b.node("Relu", {"x"}, {"y"});
  for (const char* name : {"x", "c", "y", "y"}) b.output(name);
  const auto session = must_open(b);
  const NamedTensor x = floats("x", {2}, {-1, 1});
  const auto results = must_run(*session, {x});
  REQUIRE(results.size() == 4);
  CHECK(values_of(results[0]) == Floats{-1, 1});
  CHECK(results[0].data() != x.tensor.data());
  CHECK(values_of(results[1]) == Floats{1, 2, 3});
  CHECK(values_of(results[2]) == Floats{0, 1});
  CHECK(values_of(results[3]) == Floats{0, 1});
}

TEST_CASE("a declared shape that is wrong is overruled and noted", "[session]") {
  GraphBuilder b;
  add_residual(b, {2, ""});
  b.value("y")->type.dtype = TN_FLOAT;
  b.value("y")->type.dims = std::vector<Dim>{{1, ""}, {3, ""}};
  const auto session = must_open(b);
  CHECK(session->report().notes ==
        std::vector<std::string>{"value 'y' is declared float[1,3], inferred float[2,4]: the inferred shape is used"});
  CHECK(describe(session->outputs()[0].type) == "float[2,4]");
  CHECK(values_of(must_run(*session, {floats("x", {2, 4}, Floats(8, 1))})[0]) == Floats(8, 2));
}

TEST_CASE("only the wanted outputs come back, in the order asked for", "[session]") {
  GraphBuilder b;
  add_residual(b, {1, ""});
  b.output("h");
  const auto session = must_open(b);
  const auto results = must_run(*session, {floats("x", {1, 4}, {1, -1, 1, -1})}, {"h", "y"});
  REQUIRE(results.size() == 2);
  CHECK(values_of(results[0]) == Floats{1, 0, 1, 0});
  CHECK(values_of(results[1]) == Floats{2, -1, 2, -1});
}

TEST_CASE("string outputs carry their text", "[session]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2});
  b.node("test:Strings", {"x"}, {"s"});
  b.output("s");
  const auto session = must_open(b);
  const auto results = must_run(*session, {floats("x", {2}, {1, 22})});
  CHECK(results[0].string_at(0) == "number 1");
  CHECK(results[0].string_at(1) == "number 22");
}

TEST_CASE("scratch blocks of a step are apart and aligned", "[session]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2});
  b.node("test:Scratch", {"x"}, {"h"});
  b.node("test:Scratch", {"h"}, {"y"});
  b.output("y");
  const auto session = must_open(b);
  for (int i = 0; i < 3; ++i) CHECK(values_of(must_run(*session, {floats("x", {2}, {-1, 1})})[0]) == Floats{0, 1});
  CHECK(session->report().memory.scratch_peak_bytes > 370'000);
}

TEST_CASE("outputs that the model leaves out do not disturb the run", "[session]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2});
  b.node("test:Strings", {"x"}, {""});
  b.node("Relu", {"x"}, {"y"});
  b.output("y");
  const auto session = must_open(b);
  CHECK(values_of(must_run(*session, {floats("x", {2}, {-1, 1})})[0]) == Floats{0, 1});
}

TEST_CASE("sessions are run by several threads at once", "[session]") {
  GraphBuilder b;
  add_residual(b, {-1, "rows"});
  const auto session = must_open(b);
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const auto rows = static_cast<int64_t>(1 + (i + t) % 3);
        const float value = static_cast<float>(t + 1);
        const NamedTensor x = floats("x", {rows, 4}, Floats(static_cast<size_t>(rows * 4), value));
        const auto results = session->run({&x, 1});
        if (!results.is_ok() || values_of(results.value()[0]) != Floats(static_cast<size_t>(rows * 4), 2 * value))
          ++wrong;
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("equal weights are packed once and private sources freed", "[session]") {
  packs_made = 0;
  GraphBuilder b;
  b.input("x", TN_FLOAT, {1, 2});
  b.constant<float>("w", {2, 2}, {1, 2, 3, 4});
  b.node("MatMul", {"x", "w"}, {"h"});
  b.node("MatMul", {"h", "w"}, {"y"});
  b.output("y");
  SessionOptions options;
  options.fold_constants = false;
  const auto session = must_open(b, options);
  CHECK(packs_made == 1);
  CHECK(values_of(must_run(*session, {floats("x", {1, 2}, {1, 1})})[0]) == Floats{22, 32});
  const SessionReport report = session->report();
  CHECK(report.memory.packed_bytes == 16);
  CHECK(report.memory.computed_weight_bytes == 0);
  REQUIRE(report.initializers.size() == 1);
  CHECK(report.initializers[0].residence == "packed only");
}

TEST_CASE("broken kernels are errors that name node and provider", "[session]") {
  const auto failure = [](const std::string& op) {
    GraphBuilder b;
    b.input("x", TN_FLOAT, {2});
    b.node("test:" + op, {"x"}, {"y"});
    b.value("y")->type.dtype = TN_FLOAT;
    b.output("y");
    SessionOptions options;
    options.run_memory_limit_bytes = uint64_t{1} << 30;
    const auto session = must_open(b, options);
    const NamedTensor x = floats("x", {2}, {1, 2});
    const auto results = session->run({&x, 1});
    REQUIRE_FALSE(results.is_ok());
    CHECK_THAT(results.status().message(), Contains("node 'y_node' (test." + op) || Contains("node 'y_node' (" + op));
    CHECK_THAT(results.status().message(), Contains("testing"));
    return results.status();
  };
  CHECK(failure("Fail").code() == TN_INVALID_ARGUMENT);
  CHECK_THAT(failure("WrongType").message(), Contains("of type int64, the graph expects float"));
  CHECK_THAT(failure("AskTwice").message(), Contains("a second time"));
  CHECK_THAT(failure("Negative").message(), Contains("dimension is negative"));
  CHECK_THAT(failure("NoOutput").message(), Contains("without asking for output 0 ('y')"));
  const Status huge = failure("Huge");
  CHECK(huge.code() == TN_OUT_OF_MEMORY);
  CHECK_THAT(huge.message(), Contains("4398046511104 bytes"));
}

TEST_CASE("a session still runs after a run that failed", "[session]") {
  GraphBuilder b;
  b.symbolic_input("x", TN_FLOAT, {{-1, "n"}});
  b.node("Relu", {"x"}, {"h"});
  b.node("Add", {"h", "h"}, {"y"});
  b.output("y");
  SessionOptions options;
  options.run_memory_limit_bytes = 4096;
  const auto session = must_open(b, options);
  const NamedTensor large = floats("x", {2000}, Floats(2000, 1));
  const auto refused = session->run({&large, 1});
  REQUIRE_FALSE(refused.is_ok());
  CHECK(refused.status().code() == TN_OUT_OF_MEMORY);
  CHECK(values_of(must_run(*session, {floats("x", {1}, {3})})[0]) == Floats{6});
}

TEST_CASE("a dimension's name that stands for two numbers is a note of the report, once", "[session]") {
  GraphBuilder b;
  const std::string name = GENERATE("?", "None", "unk__12", "dynamic");
  b.symbolic_input("a", TN_FLOAT, {{-1, name}, {2, ""}});
  b.symbolic_input("b", TN_FLOAT, {{-1, name}, {2, ""}});
  b.node("Relu", {"a"}, {"y"});
  b.node("Relu", {"b"}, {"z"});
  b.output("y");
  b.output("z");
  const auto session = must_open(b);
  const size_t before = session->report().notes.size();
  for (int i = 0; i < 3; ++i) {
    const auto results = must_run(*session, {floats("a", {1, 2}, {1, -1}), floats("b", {2, 2}, {1, 2, 3, -4})});
    CHECK(values_of(results[0]) == std::vector<float>{1, 0});
    CHECK(values_of(results[1]) == std::vector<float>{1, 2, 3, 0});
  }
  const auto notes = session->report().notes;
  REQUIRE(notes.size() == before + 1);
  CHECK_THAT(notes.back(), Catch::Contains("dimension '" + name + "' was 1 in input 'a'"));
}
