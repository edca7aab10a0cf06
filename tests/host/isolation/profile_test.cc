// What a profile knows of kernels that run in a worker process.
#include <catch2/catch.hpp>

#include "tests/host/isolation/on_worker.h"
#include "tests/support/node_trace.h"

using namespace tenon::host;
using namespace tenon::test;

TEST_CASE("what a kernel in a worker counts stands in the profile", "[isolation][profile]") {
  const CrashFolder crashes;
  const TempFolder folder;
  GraphBuilder b;
  b.input("a", TN_FLOAT, {3, 4});
  b.input("b", TN_FLOAT, {4, 5});
  b.node("MatMul", {"a", "b"}, {"y"});
  b.output("y");
  const auto session = Session::open_model(b.build(), on_worker(TENON_BINARY_DIR "/lib/tenon/providers/libcpu_ref.so"));
  REQUIRE(session.status().message() == "");
  RunOptions options;
  options.profile = folder.path() / "trace.json";
  const std::vector<NamedTensor> inputs = {{"a", make_tensor<float>({3, 4}, std::vector<float>(12, 1))},
                                           {"b", make_tensor<float>({4, 5}, std::vector<float>(20, 1))}};
  REQUIRE((*session)->run(inputs, {}, options).status().message() == "");
  const nlohmann::json facts = node_facts(options.profile, "y_node");
  CHECK(facts.at("flops") == 2 * 3 * 5 * 4);
  CHECK(facts.at("bytes") == 4 * (12 + 20 + 15));
}
