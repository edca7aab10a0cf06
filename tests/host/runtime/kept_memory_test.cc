// What runs keep for the next run, and what they give back.
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/support/test_provider.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

using Floats = std::vector<float>;

// A value in the arena, and scratch.
void add_steps(GraphBuilder& b) {
  b.input("x", TN_FLOAT, {2});
  b.node("test:Scratch", {"x"}, {"h"});
  b.node("test:Scratch", {"h"}, {"y"});
  b.output("y");
}

uint64_t scratch_bytes(const Session& session) {
  for (const ResidencyEntry& entry : session.report().residency)
    if (entry.kind == "scratch") return entry.bytes;
  return 0;
}

Floats run_with(Session& session, std::optional<bool> keep) {
  RunOptions options;
  options.keep_memory = keep;
  return values_of(must_run(session, {floats("x", {2}, {-1, 1})}, {}, options)[0]);
}

/// For threads, which must not assert.
bool gives_right(Session& session, bool keep) {
  RunOptions options;
  options.keep_memory = keep;
  const std::vector<NamedTensor> inputs = {floats("x", {2}, {-1, 1})};
  const auto results = session.run(inputs, {}, options);
  return results.is_ok() && values_of(results->front()) == Floats{0, 1};
}

}  // namespace

TEST_CASE("a run's memory waits for the next unless the session or the run says otherwise", "[session]") {
  GraphBuilder b;
  add_steps(b);
  const auto session = must_open(b);
  // The first run leaves the plan of the second one's arena.
  for (int i = 0; i < 2; ++i) CHECK(run_with(*session, std::nullopt) == Floats{0, 1});
  CHECK(session->report().memory.arena_bytes > 0);
  CHECK(run_with(*session, false) == Floats{0, 1});
  CHECK(session->report().memory.arena_bytes == 0);
  CHECK(session->report().memory.arena_peak_bytes > 0);
  CHECK(run_with(*session, true) == Floats{0, 1});
  CHECK(session->report().memory.arena_bytes > 0);
}

TEST_CASE("a session that keeps no memory of runs holds none between them", "[session]") {
  GraphBuilder b;
  add_steps(b);
  SessionOptions options;
  options.keep_run_memory = false;
  const auto session = must_open(b, options);
  for (int i = 0; i < 3; ++i) {
    CHECK(run_with(*session, std::nullopt) == Floats{0, 1});
    CHECK(session->report().memory.arena_bytes == 0);
    CHECK(scratch_bytes(*session) == 0);
  }
  CHECK(run_with(*session, true) == Floats{0, 1});
  CHECK(session->report().memory.arena_bytes > 0);
  CHECK(scratch_bytes(*session) > 0);
}

TEST_CASE("a run that gives memory back leaves runs beside it theirs", "[session]") {
  GraphBuilder b;
  add_steps(b);
  const auto session = must_open(b);
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) right += gives_right(*session, t % 2 == 0);
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(right == 200);
  CHECK(run_with(*session, false) == Floats{0, 1});
  CHECK(session->report().memory.arena_bytes == 0);
}

TEST_CASE("a run of a new length is planned before it runs, from runs of two others", "[session]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {-1});
  b.node("test:Scratch", {"x"}, {"h"});
  b.node("test:Scratch", {"h"}, {"y"});
  b.output("y");
  const auto session = must_open(b);
  for (const int64_t length : {2, 3}) must_run(*session, {floats("x", {length}, Floats(size_t(length), 1))});
  CHECK(session->report().memory.arena_peak_bytes == 0);
  CHECK(values_of(must_run(*session, {floats("x", {5}, Floats(5, 1))})[0]) == Floats(5, 1));
  CHECK(session->report().memory.arena_peak_bytes > 0);
}

TEST_CASE("a forecast that the run's limit has no room for is given up", "[session]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {-1});
  b.node("test:Positives", {"x"}, {"h"});
  b.node("Relu", {"h"}, {"y"});
  b.output("y");
  SessionOptions options;
  options.run_memory_limit_bytes = 1 << 18;
  const auto session = must_open(b, options);
  // None of one, 40 of 41: as if 100,000 brought ten times the limit.
  must_run(*session, {floats("x", {1}, {-1})});
  must_run(*session, {floats("x", {41}, Floats(41, 1))});
  Floats few(100'000, -1);
  few[7] = 3;
  CHECK(values_of(must_run(*session, {floats("x", {100'000}, few)})[0]) == Floats{3});
}
