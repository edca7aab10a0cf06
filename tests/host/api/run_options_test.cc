// Options of runs through the C and the C++ API.
#include <tenon/tenon.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <tenon/tenon.hpp>

#include "tests/support/onnx_models.h"
#include "tests/support/temp_folder.h"

using Catch::Contains;
using std::chrono::milliseconds;

namespace {

// "x" is input and output: no provider is needed to run it.
const std::string& model() {
  static const std::string bytes = [] {
    onnx::ModelProto proto = tenon::test::empty_model();
    tenon::test::set_float_type(*proto.mutable_graph()->add_input(), "x", {2});
    tenon::test::set_float_type(*proto.mutable_graph()->add_output(), "x", {2});
    return proto.SerializeAsString();
  }();
  return bytes;
}

tenon::Session session_of() {
  return tenon::Session::from_bytes(model().data(), model().size());
}

int code_of_run(tenon::Session& session, const tenon::RunOptions& options) {
  try {
    session.run({{"x", tenon::Tensor::of<float>({2}, std::vector<float>{1, 2})}}, {}, options);
    return TENON_OK;
  } catch (const tenon::Error& e) {
    return e.code();
  }
}

}  // namespace

TEST_CASE("a cancelled token stops every run that it is given to", "[api]") {
  tenon::Session session = session_of();
  tenon::Cancel cancel;
  tenon::RunOptions options;
  options.cancel(cancel);
  CHECK(code_of_run(session, options) == TENON_OK);
  cancel.now();
  CHECK(code_of_run(session, options) == TENON_CANCELLED);
  REQUIRE(tenon_run_options_set_cancel(const_cast<tenon_run_options*>(options.c()), nullptr) == TENON_OK);
  CHECK(code_of_run(session, options) == TENON_OK);
}

TEST_CASE("a timeout counts from the start of each run", "[api]") {
  tenon::Session session = session_of();
  tenon::RunOptions options;
  CHECK(code_of_run(session, options.timeout(milliseconds(0))) == TENON_DEADLINE_EXCEEDED);
  CHECK(code_of_run(session, options.timeout(milliseconds::max())) == TENON_OK);
  CHECK(code_of_run(session, options.timeout(milliseconds(60'000))) == TENON_OK);
  CHECK(code_of_run(session, options.timeout(milliseconds(-1))) == TENON_OK);
}

TEST_CASE("a run writes its profile to the file of its options", "[api]") {
  const tenon::test::TempFolder folder;
  const auto path = folder.path() / "trace.json";
  tenon::Session session = session_of();
  tenon::RunOptions options;
  CHECK(code_of_run(session, options.profile(path.string())) == TENON_OK);
  std::ifstream file(path);
  CHECK(nlohmann::json::parse(file).contains("traceEvents"));
}

TEST_CASE("an output that is bound goes to the caller's memory, and elsewhere once it is let go", "[api]") {
  tenon::Session session = session_of();
  std::vector<float> memory(2);
  tenon::RunOptions options;
  options.bind_output<float>("x", {2}, memory.data(), memory.size());
  const auto x = tenon::Tensor::of<float>({2}, std::vector<float>{3, 4});
  CHECK(session.run({{"x", x}}, {}, options)[0].data<float>() == memory.data());
  CHECK(memory == std::vector<float>{3, 4});
  options.bind_output<float>("x", {2}, nullptr, 0);
  CHECK(session.run({{"x", x}}, {}, options)[0].data<float>() != memory.data());
}

TEST_CASE("memory that cannot hold the output is refused", "[api]") {
  tenon::Session session = session_of();
  std::vector<float> memory(2);
  tenon::RunOptions options;
  CHECK(code_of_run(session, options.bind_output<float>("x", {2}, memory.data(), 1)) == TENON_INVALID_ARGUMENT);
  CHECK(code_of_run(session, options.bind_output<float>("x", {1}, memory.data(), 2)) == TENON_INVALID_ARGUMENT);
  CHECK(code_of_run(session, options.bind_output<float>("x", {2}, memory.data(), 2)) == TENON_OK);
  CHECK(code_of_run(session, options.bind_output<float>("y", {2}, memory.data(), 2)) == TENON_INVALID_ARGUMENT);
  CHECK_THAT(tenon_last_error(), Contains("'y'"));
}

TEST_CASE("options of runs are refused where they are NULL and have to be there", "[api]") {
  CHECK(tenon_run_options_set_timeout(nullptr, 1) == TENON_INVALID_ARGUMENT);
  CHECK(tenon_run_options_set_cancel(nullptr, nullptr) == TENON_INVALID_ARGUMENT);
  CHECK(tenon_run_options_set_profile(nullptr, "p") == TENON_INVALID_ARGUMENT);
  CHECK_THAT(tenon_last_error(), Contains("'options' is NULL"));
  tenon_run_options_destroy(nullptr);
}
