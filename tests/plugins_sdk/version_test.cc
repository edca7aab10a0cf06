// Plugins built with different versions of the SDK, in one session.
#include <catch2/catch.hpp>

#include "host/session/session.h"
#include "tests/host/plugins/plugin_files.h"
#include "tests/support/test_provider.h"

using namespace tenon::host;
using namespace tenon::test;

TEST_CASE("plugins of two SDK versions in one session run their own code", "[sdk][session]") {
  const std::string way = GENERATE("sdk", "bare");
  const std::string first = way + "_first", next = way + "_next";
  const bool turned = GENERATE(false, true);
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2, 3});
  b.node(first + ":Count", {"x"}, {"counted_by_first"});
  b.node(next + ":Count", {"x"}, {"counted_by_next"});
  b.output("counted_by_first");
  b.output("counted_by_next");
  b.model().opset_imports[first] = b.model().opset_imports[next] = 1;
  SessionOptions options;
  options.providers = {{plugin_path(turned ? next : first), {}}, {plugin_path(turned ? first : next), {}}};
  options.threads = 1;
  const auto session = Session::open_model(b.build(), options);
  REQUIRE(session.status().message() == "");
  const auto results = must_run(**session, {floats("x", {2, 3}, std::vector<float>(6, 1))});
  CHECK(values_of(results[0]) == std::vector<float>{12});
  CHECK(values_of(results[1]) == std::vector<float>{12000});
}
