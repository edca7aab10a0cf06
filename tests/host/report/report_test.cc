// The session report and the profile of a run, as people and programs read them.
#include "host/report/report.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/test_provider.h"

using namespace tenon::host;
using namespace tenon::test;
using Catch::Contains;
using Json = nlohmann::json;

namespace {

std::unique_ptr<Session> small_session() {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {1, 2});
  b.constant<float>("w", {2, 2}, {1, 2, 3, 4});
  b.node("MatMul", {"x", "w"}, {"h"});
  b.node("Relu", {"h"}, {"y"});
  b.output("y");
  return must_open(b);
}

}  // namespace

TEST_CASE("the JSON report has every part", "[report]") {
  const auto session = small_session();
  must_run(*session, {floats("x", {1, 2}, {1, 1})});
  const Json json = Json::parse(to_json(session->report()));
  for (const char* key : {"model", "threads", "providers", "placement", "initializers", "memory", "stages", "notes"})
    CHECK(json.contains(key));
  CHECK(json["providers"][0]["name"] == "testing");
  CHECK(json["providers"][0]["nodes"] == 2);
  CHECK(json["placement"][0]["op_type"] == "MatMul");
  CHECK(json["placement"][0]["provider"] == "testing");
  CHECK(json["initializers"][0]["name"] == "w");
  CHECK(json["initializers"][0]["shape"] == Json::array({2, 2}));
  CHECK(json["memory"]["packed_bytes"] == 16);
  std::vector<std::string> stages;
  for (const auto& stage : json["stages"]) stages.push_back(stage["stage"]);
  for (const char* stage : {"providers", "import", "infer", "place", "pack", "plan"})
    CHECK(std::find(stages.begin(), stages.end(), stage) != stages.end());
}

TEST_CASE("the JSON report survives names that are no UTF-8", "[report]") {
  SessionReport report;
  report.placement.push_back({"bad \xff name", "Relu", "", 6, "", "", ""});
  CHECK(Json::parse(to_json(report)).contains("placement"));
}

TEST_CASE("the text report groups nodes, the detailed one lists them", "[report]") {
  const auto session = small_session();
  const std::string text = to_text(session->report());
  CHECK_THAT(text, Contains("1 node  MatMul") && Contains("testing") && Contains("packed weights"));
  CHECK_THAT(text, !Contains("h_node"));
  CHECK_THAT(to_text(session->report(), true), Contains("h_node") && Contains("MatMul-13"));
}

TEST_CASE("a profile is a Chrome trace with nodes and phases", "[report]") {
  const auto path = std::filesystem::temp_directory_path() / "tenon_profile_test.json";
  const auto session = small_session();
  RunOptions options;
  options.profile = path;
  must_run(*session, {floats("x", {1, 2}, {1, 1})}, {}, options);
  const Json json = Json::parse(std::ifstream(path));
  std::filesystem::remove(path);
  bool has_relu = false, has_phase = false;
  for (const auto& event : json["traceEvents"]) {
    CHECK(event["ph"] == "X");
    CHECK(event["dur"].get<double>() >= 0);
    if (event["name"] == "clamp") has_phase = event["cat"] == "phase";
    if (event["name"] != "y_node") continue;
    has_relu = true;
    CHECK(event["args"]["op_type"] == "Relu");
    CHECK(event["args"]["provider"] == "testing");
    CHECK(event["args"]["input_shapes"] == "float 1x2");
    CHECK(event["args"]["output_shapes"] == "float 1x2");
  }
  CHECK(has_relu);
  CHECK(has_phase);
}

TEST_CASE("a profile that cannot be written is an error", "[report]") {
  const auto session = small_session();
  RunOptions options;
  options.profile = "/nonexistent/folder/profile.json";
  const NamedTensor x = floats("x", {1, 2}, {1, 1});
  const auto results = session->run({&x, 1}, {}, options);
  REQUIRE_FALSE(results.is_ok());
  CHECK_THAT(results.status().message(), Contains("/nonexistent/folder/profile.json"));
}
