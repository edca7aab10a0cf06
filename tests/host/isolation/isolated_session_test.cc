// What a session computes does not depend on whether its provider has a process of its own.
#include <catch2/catch.hpp>
#include <thread>

#include "tests/host/isolation/on_worker.h"
#include "tests/support/run_values.h"
#include "tests/support/test_provider.h"

using namespace tenon::host;
using namespace tenon::test;
using Catch::Contains;

namespace {

SessionOptions all_isolated(const std::string& providers = "cpu_ref") {
  SessionOptions options;
  options.providers = *parse_provider_list(providers);
  options.isolate = "all";
  options.threads = 2;
  return options;
}

std::vector<float> run_floats(Session& session, const std::vector<float>& x) {
  const std::vector<NamedTensor> inputs = {floats("x", {static_cast<int64_t>(x.size())}, x)};
  auto results = session.run(inputs);
  INFO(results.status().message());
  REQUIRE(results.is_ok());
  return values_of((*results)[0]);
}

}  // namespace

TEST_CASE("an isolated provider computes what it computes in this process", "[isolation][own_process]") {
  auto session = Session::open_model(relu_model(), all_isolated());
  INFO(session.status().message());
  REQUIRE(session.is_ok());
  CHECK(run_floats(**session, {1, -2, 3, -4}) == std::vector<float>{1, 0, 3, 0});
}

TEST_CASE("values of an isolated provider may be of any shape, run after run", "[isolation][own_process]") {
  GraphBuilder b;
  b.symbolic_input("x", TN_FLOAT, {{-1, "n"}});
  b.node("Relu", {"x"}, {"h"});
  b.node("Neg", {"h"}, {"y"});
  b.output("y");
  auto session = Session::open_model(b.build(), all_isolated());
  REQUIRE(session.is_ok());
  for (const size_t n : {1u, 100'000u, 3u, 0u, 50'000u}) {
    const std::vector<float> x(n, 2.0f);
    CHECK(run_floats(**session, x) == std::vector<float>(n, -2.0f));
  }
}

TEST_CASE("an isolated provider's strings cross in both directions, however long", "[isolation][own_process]") {
  GraphBuilder b;
  b.model().opset_imports[""] = 20;
  b.input("x", TN_STRING, {3});
  b.input("z", TN_STRING, {3});
  b.node("StringConcat", {"x", "z"}, {"y"});
  b.output("y");
  auto session = Session::open_model(b.build(), all_isolated());
  REQUIRE(session.is_ok());
  const std::string longest(200'000, 'a');
  const auto x = Tensor::from_strings({3}, {"", longest, "c"}, Residence::kRuntime);
  const auto z = Tensor::from_strings({3}, {"x", longest, ""}, Residence::kRuntime);
  const std::vector<NamedTensor> inputs = {{"x", *x}, {"z", *z}};
  const auto results = (*session)->run(inputs);
  INFO(results.status().message());
  REQUIRE(results.is_ok());
  CHECK((*results)[0].string_at(0) == "x");
  CHECK((*results)[0].string_at(1) == longest + longest);
  CHECK((*results)[0].string_at(2) == "c");
}

TEST_CASE("values go to and fro between two isolated providers and the host", "[isolation][own_process]") {
  const auto result = [](const char* isolate) {
    GraphBuilder b;
    b.input("x", TN_FLOAT, {4});
    b.node("Relu", {"x"}, {"a"});
    b.node("SequenceConstruct", {"a", "x"}, {"s"});
    b.constant<int64_t>("at", {}, {0});
    b.node("SequenceAt", {"s", "at"}, {"c"});
    b.node("Softplus", {"c"}, {"d"});
    b.node("Add", {"d", "x"}, {"y"});
    b.output("y");
    SessionOptions options = all_isolated("cpu_blas,cpu_ref");
    options.isolate = isolate;
    auto session = Session::open_model(b.build(), options);
    INFO(session.status().message());
    REQUIRE(session.is_ok());
    return run_floats(**session, {1, -2, 3, -4});
  };
  const std::vector<float> expected = result("");
  CHECK(result("all") == expected);
  CHECK(result("cpu_blas") == expected);
  CHECK(result("cpu_ref") == expected);
}

TEST_CASE("weights that no file holds are packed where the worker process reads them", "[isolation][own_process]") {
  for (int round = 0; round < 3; ++round) {
    GraphBuilder b;
    b.input("x", TN_FLOAT, {2, 64});
    b.constant<float>("w", {64, 64}, std::vector<float>(64 * 64, 0.5f));
    b.node("MatMul", {"x", "w"}, {"y"});
    b.output("y");
    auto session = Session::open_model(b.build(), all_isolated("cpu_blas"));
    INFO(session.status().message());
    REQUIRE(session.is_ok());
    const std::vector<NamedTensor> inputs = {floats("x", {2, 64}, std::vector<float>(128, 2.0f))};
    const auto results = (*session)->run(inputs);
    REQUIRE(results.is_ok());
    CHECK(values_of((*results)[0]) == std::vector<float>(128, 64.0f));
  }
}

TEST_CASE("runs of one session are in its worker process at once", "[isolation][own_process]") {
  auto session = Session::open_model(relu_model(10'000), all_isolated());
  REQUIRE(session.is_ok());
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      const std::vector<float> x(10'000, static_cast<float>(t));
      for (int i = 0; i < 50; ++i) {
        const std::vector<NamedTensor> inputs = {floats("x", {10'000}, x)};
        const auto results = (*session)->run(inputs);
        if (results.is_ok() && values_of((*results)[0]) == x) ++right;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(right == 200);
}

TEST_CASE("an error of an isolated kernel is that of the kernel in this process", "[isolation][own_process]") {
  const auto message = [](bool is_isolated) {
    GraphBuilder b;
    b.symbolic_input("x", TN_FLOAT, {{-1, "n"}});
    b.input("i", TN_INT64, {1});
    b.node("Gather", {"x", "i"}, {"y"});
    b.output("y");
    SessionOptions options = all_isolated();
    if (!is_isolated) options.isolate.clear();
    auto session = Session::open_model(b.build(), options);
    REQUIRE(session.is_ok());
    const std::vector<NamedTensor> inputs = {floats("x", {2}, {1, 2}), {"i", make_tensor<int64_t>({1}, {7})}};
    return (*session)->run(inputs).status().message();
  };
  CHECK_FALSE(message(true).empty());
  CHECK(message(true) == message(false));
}

TEST_CASE("only a provider of the order can be isolated", "[isolation]") {
  SessionOptions options = all_isolated();
  options.isolate = "cpu_blas";
  const auto session = Session::open_model(relu_model(), options);
  CHECK(session.status().code() == TN_INVALID_ARGUMENT);
  CHECK_THAT(session.status().message(), Contains("'cpu_blas'") && Contains("'cpu_ref'"));
}

TEST_CASE("a provider describes operators of its own from its worker process", "[isolation][own_process]") {
  const auto open = [](float factor) {
    GraphBuilder b;
    b.model().opset_imports["test.own"] = 1;
    b.input("x", TN_FLOAT, {4});
    b.node("test.own:Gain", {"x"}, {"h"});
    b.node("test.own:Gain", {"h"}, {"y"}, {float_attr("factor", factor)});
    b.output("y");
    return Session::open_model(b.build(), on_worker(plugin_path("describing")));
  };
  auto session = open(5);
  INFO(session.status().message());
  REQUIRE(session.is_ok());
  CHECK((*session)->outputs()[0].type.dims == std::vector<Dim>{{4, ""}});
  CHECK(run_floats(**session, {1, -2, 3, -4}) == std::vector<float>{10, -20, 30, -40});
  CHECK_THAT(open(13).status().message(), Contains("Gain") && Contains("a factor of 13 brings no luck"));
}
