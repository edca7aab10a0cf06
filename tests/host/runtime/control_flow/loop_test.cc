// Loop: how often it runs, what it carries, collects and reads, and how it ends.
#include <catch2/catch.hpp>
#include <thread>

#include "tests/support/control_flow.h"

using namespace tenon::host;
using namespace tenon::test;
using Catch::Contains;

namespace {

/// sum = x added `trips` times to zero while sum < limit; partial: the sums on the way; steps: iteration numbers.
void add_sum(GraphBuilder& b, const std::string& trips, const std::string& condition) {
  b.input("trips", TN_INT64, {});
  b.input("go", TN_BOOL, {});
  b.symbolic_input("x", TN_FLOAT, {{-1, "n"}});
  b.input("limit", TN_FLOAT, {});
  b.node("Sub", {"x", "x"}, {"zero"});
  const auto body = subgraph(b, [](GraphBuilder& inner) {
    loop_inputs(inner, "");
    inner.symbolic_input("before", TN_FLOAT, {{-1, ""}});
    inner.node("Add", {"before", "x"}, {"after"});
    inner.node("ReduceMax", {"after"}, {"most"}, {int_attr("keepdims", 0)});
    inner.node("Less", {"most", "limit"}, {"again"});
    for (const char* name : {"again", "after", "after", "i"}) inner.output(name);
  });
  b.node("Loop", {trips, condition, "zero"}, {"sum", "partial", "steps"}, {graph_attr("body", body)});
  for (const char* name : {"sum", "partial", "steps"}) b.output(name);
}

std::vector<NamedTensor> sum_inputs(int64_t trips, bool go, float limit, const Floats& x = {1, 2}) {
  return {number("trips", trips), truth("go", go), floats("x", {static_cast<int64_t>(x.size())}, x),
          floats("limit", {}, {limit})};
}

}  // namespace

TEST_CASE("a Loop carries values and collects one slice per iteration", "[control_flow]") {
  GraphBuilder b;
  add_sum(b, "trips", "");
  const auto session = open_on_ref(b);
  for (int repeat = 0; repeat < 3; ++repeat) {
    const auto results = must_run(*session, sum_inputs(3, true, 1000));
    CHECK(values_of(results[0]) == Floats{3, 6});
    CHECK(results[1].shape() == Ints{3, 2});
    CHECK(values_of(results[1]) == Floats{1, 2, 2, 4, 3, 6});
    CHECK(results[2].shape() == Ints{3});
    CHECK(ints_of(results[2]) == Ints{0, 1, 2});
  }
  CHECK(must_run(*session, sum_inputs(100, true, 1e9f))[1].shape() == Ints{100, 2});
}

TEST_CASE("a Loop ends at its number of trips or when its condition is false", "[control_flow]") {
  GraphBuilder b;
  SECTION("both given") {
    add_sum(b, "trips", "go");
    const auto session = open_on_ref(b);
    CHECK(ints_of(must_run(*session, sum_inputs(2, true, 7))[2]) == Ints{0, 1});
    CHECK(ints_of(must_run(*session, sum_inputs(9, true, 7))[2]) == Ints{0, 1, 2, 3});
    CHECK(ints_of(must_run(*session, sum_inputs(9, false, 7))[2]).empty());
  }
  SECTION("no number of trips") {
    add_sum(b, "", "go");
    const auto session = open_on_ref(b);
    CHECK(ints_of(must_run(*session, sum_inputs(0, true, 7))[2]) == Ints{0, 1, 2, 3});
    CHECK(ints_of(must_run(*session, sum_inputs(0, false, 7))[2]).empty());
  }
  SECTION("neither") {
    add_sum(b, "", "");
    const auto session = open_on_ref(b);
    CHECK(ints_of(must_run(*session, sum_inputs(0, false, 7))[2]) == Ints{0, 1, 2, 3});
  }
}

TEST_CASE("a Loop without an iteration gives its initial values and collects nothing", "[control_flow]") {
  GraphBuilder b;
  add_sum(b, "trips", "");
  const auto session = open_on_ref(b);
  for (const int64_t trips : {0, -5}) {
    const auto results = must_run(*session, sum_inputs(trips, true, 7));
    CHECK(values_of(results[0]) == Floats{0, 0});
    CHECK(results[1].element_count() == 0);
    CHECK(results[1].shape()[0] == 0);
    CHECK(results[1].shape().size() == 2);
    CHECK(results[2].shape() == Ints{0});
  }
}

TEST_CASE("carried values may change places", "[control_flow]") {
  GraphBuilder b;
  b.input("trips", TN_INT64, {});
  b.input("p", TN_FLOAT, {2});
  b.input("q", TN_FLOAT, {2});
  const auto body = subgraph(b, [](GraphBuilder& inner) {
    loop_inputs(inner, "");
    inner.input("a", TN_FLOAT, {2});
    inner.input("b", TN_FLOAT, {2});
    for (const char* name : {"cond", "b", "a"}) inner.output(name);
  });
  b.node("Loop", {"trips", "", "p", "q"}, {"y", "z"}, {graph_attr("body", body)});
  b.output("y");
  b.output("z");
  const auto session = open_on_ref(b);
  const NamedTensor p = floats("p", {2}, {1, 2}), q = floats("q", {2}, {3, 4});
  const auto results = must_run(*session, {number("trips", 3), p, q});
  CHECK(values_of(results[0]) == Floats{3, 4});
  CHECK(values_of(results[1]) == Floats{1, 2});
  CHECK(results[0].data() != q.tensor.data());
}

TEST_CASE("a carried value may grow from one iteration to the next", "[control_flow]") {
  GraphBuilder b;
  b.input("trips", TN_INT64, {});
  b.input("x", TN_FLOAT, {1});
  const auto body = subgraph(b, [](GraphBuilder& inner) {
    loop_inputs(inner, "");
    inner.symbolic_input("list", TN_FLOAT, {{-1, ""}});
    inner.node("Neg", {"list"}, {"negative"});
    inner.node("Abs", {"negative"}, {"positive"});
    inner.node("Concat", {"positive", "x"}, {"longer"}, {int_attr("axis", 0)});
    inner.output("cond");
    inner.output("longer");
  });
  b.node("Loop", {"trips", "", "x"}, {"y"}, {graph_attr("body", body)});
  b.output("y");
  const auto session = open_on_ref(b);
  for (const int64_t trips : {5, 40, 3})
    CHECK(values_of(must_run(*session, {number("trips", trips), floats("x", {1}, {2})})[0]) ==
          Floats(static_cast<size_t>(trips + 1), 2));
}

TEST_CASE("a Loop with a large state does not grow by iteration", "[control_flow]") {
  constexpr int64_t kElements = 1 << 18;  // 1 MiB
  GraphBuilder b;
  b.input("trips", TN_INT64, {});
  b.input("x", TN_FLOAT, {kElements});
  const auto body = subgraph(b, [](GraphBuilder& inner) {
    loop_inputs(inner, "");
    inner.input("before", TN_FLOAT, {kElements});
    inner.node("Abs", {"before"}, {"h"});
    inner.node("Add", {"h", "x"}, {"after"});
    inner.output("cond");
    inner.output("after");
  });
  b.node("Loop", {"trips", "", "x"}, {"y"}, {graph_attr("body", body)});
  b.output("y");
  SessionOptions options = on_cpu_ref();
  options.run_memory_limit_bytes = 4 << 20;  // the state, the next one, what lies between
  const auto session = open_on_ref(b, options);
  const auto results = must_run(*session, {number("trips", 300), floats("x", {kElements}, Floats(kElements, 1))});
  CHECK(results[0].span<float>()[7] == 301);
  CHECK(session->report().memory.arena_peak_bytes < 3 << 20);
}

TEST_CASE("what a Loop collects counts against the limit of a run", "[control_flow]") {
  GraphBuilder b;
  add_sum(b, "trips", "");
  SessionOptions options = on_cpu_ref();
  options.run_memory_limit_bytes = 1 << 20;
  const auto session = open_on_ref(b, options);
  const Status failure = failure_of(*session, sum_inputs(1 << 20, true, 1e30f, Floats(64, 1)));
  CHECK(failure.code() == TN_OUT_OF_MEMORY);
  CHECK_THAT(failure.message(), Contains("node 'sum_node' (Loop, opset 16): iteration "));
  CHECK_THAT(failure.message(), Contains("limit of 1048576 bytes"));
  CHECK(values_of(must_run(*session, sum_inputs(2, true, 1e30f))[0]) == Floats{2, 4});
}

TEST_CASE("loops within loops read the graphs around them", "[control_flow]") {
  GraphBuilder b;
  b.input("m", TN_INT64, {});
  b.input("n", TN_INT64, {});
  b.input("x", TN_FLOAT, {1});
  b.node("Abs", {"x"}, {"step"});
  const auto outer = subgraph(b, [](GraphBuilder& middle) {
    loop_inputs(middle, "o");
    middle.input("so_far", TN_FLOAT, {1});
    middle.node("Add", {"so_far", "step"}, {"start"});
    const auto inner = subgraph(middle, [](GraphBuilder& leaf) {
      loop_inputs(leaf, "l");
      leaf.input("sum", TN_FLOAT, {1});
      leaf.node("Add", {"sum", "step"}, {"one"});
      leaf.node("Cast", {"oi"}, {"outer_number"}, {int_attr("to", TN_FLOAT)});
      leaf.node("Add", {"one", "outer_number"}, {"two"});
      leaf.output("lcond");
      leaf.output("two");
    });
    middle.node("Loop", {"n", "", "start"}, {"end"}, {graph_attr("body", inner)});
    middle.output("ocond");
    middle.output("end");
  });
  b.node("Loop", {"m", "", "x"}, {"y"}, {graph_attr("body", outer)});
  b.output("y");
  const auto session = open_on_ref(b);
  // Outer iteration k adds 1 and then n times 1 + k.
  const auto run = [&](int64_t m, int64_t n) {
    return values_of(must_run(*session, {number("m", m), number("n", n), floats("x", {1}, {1})})[0]);
  };
  CHECK(run(1, 2) == Floats{1 + 1 + 2});
  CHECK(run(3, 2) == Floats{1 + 3 + 2 * (1 + 2 + 3)});
  CHECK(run(3, 0) == Floats{4});
}

TEST_CASE("several threads run a Loop at once", "[control_flow]") {
  GraphBuilder b;
  add_sum(b, "trips", "");
  const auto session = open_on_ref(b);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int64_t i = 1; i < 60; ++i) {
        const auto size = static_cast<size_t>(1 + (i + t) % 5);
        const auto results = session->run(sum_inputs(i, true, 1e9f, Floats(size, static_cast<float>(t + 1))));
        if (!results.is_ok() || values_of((*results)[0]) != Floats(size, static_cast<float>(i * (t + 1)))) ++wrong;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("an endless Loop stops when it is cancelled or past its deadline", "[control_flow]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {1});
  const auto body = subgraph(b, [](GraphBuilder& inner) {
    loop_inputs(inner, "");
    inner.input("before", TN_FLOAT, {1});
    inner.output("cond");
    inner.output("before");
  });
  b.node("Loop", {"", "", "x"}, {"y"}, {graph_attr("body", body)});
  b.output("y");
  const auto session = open_on_ref(b);
  RunOptions options;
  options.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
  const Status late = failure_of(*session, {floats("x", {1}, {1})}, options);
  CHECK(late.code() == TN_DEADLINE_EXCEEDED);
  CHECK_THAT(late.message(), Contains("node 'y_node' (Loop, opset 16): iteration "));
  CancelToken cancel;
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    cancel.cancel();
  });
  options = {};
  options.cancel = &cancel;
  const Status cancelled = failure_of(*session, {floats("x", {1}, {1})}, options);
  other.join();
  CHECK(cancelled.code() == TN_CANCELLED);
}

TEST_CASE("an error in a body names iteration and inner node", "[control_flow]") {
  GraphBuilder b;
  b.input("trips", TN_INT64, {});
  b.symbolic_input("x", TN_FLOAT, {{-1, "n"}});
  b.input("w", TN_FLOAT, {2});
  const auto body = subgraph(b, [](GraphBuilder& inner) {
    loop_inputs(inner, "");
    inner.symbolic_input("list", TN_FLOAT, {{-1, ""}});
    inner.node("Add", {"list", "w"}, {"sum"});
    inner.node("Concat", {"sum", "w"}, {"longer"}, {int_attr("axis", 0)});
    inner.output("cond");
    inner.output("longer");
  });
  b.node("Loop", {"trips", "", "x"}, {"y"}, {graph_attr("body", body)});
  b.output("y");
  const auto session = open_on_ref(b);
  const Status failure = failure_of(*session, {number("trips", 5), floats("x", {2}, {1, 2}), floats("w", {2}, {1, 2})});
  CHECK_THAT(failure.message(), Contains("node 'y_node' (Loop, opset 16): iteration 1: node 'sum_node' (Add"));
}

TEST_CASE("a body gets no other type or shape than it declares", "[control_flow]") {
  GraphBuilder b;
  b.input("trips", TN_INT64, {});
  b.symbolic_input("x", TN_FLOAT, {{-1, "n"}});
  const auto body = subgraph(b, [](GraphBuilder& inner) {
    loop_inputs(inner, "");
    inner.input("before", TN_FLOAT, {3});
    inner.node("Neg", {"before"}, {"after"});
    inner.output("cond");
    inner.output("after");
  });
  b.node("Loop", {"trips", "", "x"}, {"y"}, {graph_attr("body", body)});
  b.output("y");
  const auto session = open_on_ref(b);
  CHECK(values_of(must_run(*session, {number("trips", 1), floats("x", {3}, {1, 2, 3})})[0]) == Floats{-1, -2, -3});
  const Status failure = failure_of(*session, {number("trips", 1), floats("x", {2}, {1, 2})});
  CHECK_THAT(failure.message(), Contains("input 'before' of the subgraph is float 2, expected float[3]"));
}
