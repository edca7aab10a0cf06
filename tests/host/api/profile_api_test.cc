// The profile of a session: one trace of its open and of all of its runs.
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <tenon/tenon.hpp>
#include <thread>

#include "tests/support/onnx_models.h"
#include "tests/support/temp_folder.h"

using Catch::Contains;

namespace {

const std::string& model() {
  static const std::string bytes = tenon::test::relu_model().SerializeAsString();
  return bytes;
}

tenon::Session session_with(const std::string& profile) {
  tenon::Options options;
  options.providers("cpu_ref");
  if (!profile.empty()) options.set("profile", profile);
  return tenon::Session::from_bytes(model().data(), model().size(), options);
}

void run(tenon::Session& session) {
  session.run({{"x", tenon::Tensor::of<float>({2, 3}, std::vector<float>(6))}});
}

nlohmann::json events_in(const std::filesystem::path& path) {
  std::ifstream file(path);
  return nlohmann::json::parse(file).at("traceEvents");
}

std::vector<nlohmann::json> of_category(const nlohmann::json& events, const std::string& category) {
  std::vector<nlohmann::json> found;
  for (const auto& event : events)
    if (event.at("cat") == category) found.push_back(event);
  return found;
}

}  // namespace

TEST_CASE("a session's profile has its open and all of its runs, each on its thread's row", "[api][profile]") {
  const tenon::test::TempFolder folder;
  const std::string path = (folder.path() / "trace.json").string();
  tenon::Session session = session_with(path);
  run(session);
  std::thread([&] { run(session); }).join();
  CHECK(session.end_profile() == path);
  const auto events = events_in(path);
  CHECK_FALSE(of_category(events, "open").empty());
  const auto runs = of_category(events, "run");
  REQUIRE(runs.size() == 2);
  CHECK(runs[0].at("tid") != runs[1].at("tid"));
  CHECK(runs[0].at("ts").get<double>() + runs[0].at("dur").get<double>() <= runs[1].at("ts").get<double>());
  const auto nodes = of_category(events, "node");
  REQUIRE(nodes.size() == 2);
  for (size_t i = 0; i < 2; ++i) {
    CHECK(nodes[i].at("args").at("op_type") == "Relu");
    CHECK(nodes[i].at("ts") >= runs[i].at("ts"));
    CHECK(nodes[i].at("tid") == runs[i].at("tid"));
  }
}

TEST_CASE("runs after a profile ended are not in it, and it may be ended again", "[api][profile]") {
  const tenon::test::TempFolder folder;
  const std::string path = (folder.path() / "trace.json").string();
  tenon::Session session = session_with(path);
  run(session);
  session.end_profile();
  run(session);
  CHECK(session.end_profile() == path);
  CHECK(of_category(events_in(path), "run").size() == 1);
}

TEST_CASE("closing a session makes its profile whole", "[api][profile]") {
  const tenon::test::TempFolder folder;
  const std::string path = (folder.path() / "trace.json").string();
  {
    tenon::Session session = session_with(path);
    run(session);
  }
  CHECK(of_category(events_in(path), "run").size() == 1);
}

TEST_CASE("a profile that there is not, or cannot be, is an error", "[api][profile]") {
  tenon::Session session = session_with("");
  CHECK_THROWS_WITH(session.end_profile(), Contains("open it with the option 'profile'"));
  const tenon::test::TempFolder folder;
  const std::string path = (folder.path() / "missing" / "trace.json").string();
  CHECK_THROWS_WITH(session_with(path), Contains("cannot write the profile") && Contains(path));
}
