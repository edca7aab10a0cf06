// Cancelling runs, and deadlines.
#include <catch2/catch.hpp>
#include <thread>

#include "tests/support/test_provider.h"

using namespace tenon::host;
using namespace tenon::test;
using Catch::Contains;

namespace {

std::unique_ptr<Session> sleeper() {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {1});
  b.node("Relu", {"x"}, {"h"});
  b.node("test:Sleep", {"h"}, {"y"});
  b.output("y");
  return must_open(b);
}

}  // namespace

TEST_CASE("a cancelled run stops and names the node reached", "[session]") {
  const auto session = sleeper();
  CancelToken cancel;
  RunOptions options;
  options.cancel = &cancel;
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    cancel.cancel();
  });
  const NamedTensor x = floats("x", {1}, {1});
  const auto results = session->run({&x, 1}, {}, options);
  other.join();
  REQUIRE_FALSE(results.is_ok());
  CHECK(results.status().code() == TN_CANCELLED);
  CHECK_THAT(results.status().message(), Contains("'y_node'"));
}

TEST_CASE("a run that is cancelled before it begins does nothing", "[session]") {
  const auto session = sleeper();
  CancelToken cancel;
  cancel.cancel();
  RunOptions options;
  options.cancel = &cancel;
  const NamedTensor x = floats("x", {1}, {1});
  const auto results = session->run({&x, 1}, {}, options);
  CHECK(results.status().code() == TN_CANCELLED);
  CHECK_THAT(results.status().message(), Contains("'h_node'"));
}

TEST_CASE("a run past its deadline stops and names the node reached", "[session]") {
  const auto session = sleeper();
  RunOptions options;
  options.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
  const NamedTensor x = floats("x", {1}, {1});
  const auto results = session->run({&x, 1}, {}, options);
  REQUIRE_FALSE(results.is_ok());
  CHECK(results.status().code() == TN_DEADLINE_EXCEEDED);
  CHECK_THAT(results.status().message(), Contains("'y_node'"));
}
