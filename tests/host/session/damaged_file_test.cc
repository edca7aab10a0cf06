// Sessions whose files are truncated or written to while they live.
#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "host/session/session.h"
#include "tests/support/child_process.h"
#include "tests/support/onnx_models.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_provider.h"

using namespace tenon::host;
using namespace tenon::test;
namespace fs = std::filesystem;

namespace {

constexpr int64_t kCount = 100'000;

std::string weights() {
  return raw_bytes(std::vector<float>(kCount, 2));
}

/// y = x + w, with w beside the model or inside it.
fs::path write_model(const TempFolder& folder, const std::string& name, bool external) {
  onnx::ModelProto model = empty_model();
  set_float_type(*model.mutable_graph()->add_input(), "x", {kCount});
  set_float_type(*model.mutable_graph()->add_output(), "y", {kCount});
  auto& w = add_initializer(*model.mutable_graph(), "w", onnx::TensorProto::FLOAT, {kCount});
  if (external) {
    set_external(w, {{"location", name + ".data"}});
    folder.write(name + ".data", weights());
  } else {
    w.set_raw_data(weights());
  }
  add_node(*model.mutable_graph(), "Add", {"x", "w"}, {"y"});
  // Pads so that the weights inside the model lie aligned, and so in place.
  for (std::string text = model.SerializeAsString(); !external;
       model.set_doc_string(model.doc_string() + "."), text = model.SerializeAsString())
    if (text.find(weights().substr(0, 64)) % 4 == 0) break;
  return folder.write(name, model.SerializeAsString());
}

SessionOptions on_test_provider() {
  SessionOptions options;
  options.provider_tables = {&test_provider()};
  return options;
}

std::unique_ptr<Session> open_file(const fs::path& path) {
  auto session = Session::open(path, on_test_provider());
  REQUIRE(session.is_ok());
  return std::move(*session);
}

Result<std::vector<Tensor>> run(Session& session) {
  const std::vector<NamedTensor> inputs = {floats("x", {kCount}, std::vector<float>(kCount, 1))};
  return session.run(inputs);
}

/// All elements are 3.
bool is_right(const Result<std::vector<Tensor>>& results) {
  const auto values = values_of((*results)[0]);
  return values == std::vector<float>(kCount, 3);
}

}  // namespace

TEST_CASE("a session whose file is truncated fails its runs by name, now and later", "[session][fault_guard]") {
  const TempFolder folder;
  const bool external = GENERATE(false, true);
  const auto path = write_model(folder, "m.onnx", external);
  const auto session = open_file(path);
  REQUIRE(session->report().memory.mapped_weight_bytes == kCount * sizeof(float));
  CHECK(is_right(run(*session)));
  const auto file = external ? fs::path(path.string() + ".data") : path;
  const auto whole_size = fs::file_size(file);
  fs::resize_file(file, 0);
  const auto results = run(*session);
  CHECK(results.status().code() == TN_DATA_LOST);
  CHECK_THAT(results.status().message(), Catch::Contains(file.filename().string() + " was truncated while open, from " +
                                                         std::to_string(whole_size) + " to 0 bytes") &&
                                             Catch::Contains("open the model again"));
  write_model(folder, "m.onnx", external);
  CHECK(run(*session).status().code() == TN_DATA_LOST);
  CHECK(is_right(run(*open_file(path))));
}

TEST_CASE("a session goes on while another's file is truncated", "[session][fault_guard]") {
  const TempFolder folder;
  const auto damaged = open_file(write_model(folder, "a.onnx", true));
  const auto whole = open_file(write_model(folder, "b.onnx", true));
  fs::resize_file(folder.path() / "a.onnx.data", 4096);
  CHECK(run(*damaged).status().code() == TN_DATA_LOST);
  CHECK(is_right(run(*whole)));
}

TEST_CASE("no run under way returns what it computed from lost pages", "[session][fault_guard]") {
  const TempFolder folder;
  const auto path = write_model(folder, "m.onnx", true);
  const auto session = open_file(path);
  std::atomic<int> wrong{0}, right{0}, lost{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 100 && lost < 8; ++i) {
        const auto results = run(*session);
        if (!results.is_ok()) {
          ++(results.status().code() == TN_DATA_LOST ? lost : wrong);
        } else {
          ++(is_right(results) ? right : wrong);
        }
      }
    });
  while (right < 8) std::this_thread::yield();
  fs::resize_file(path.string() + ".data", 8192);
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(lost > 0);
}

TEST_CASE("a file that comes and goes while it is opened never gives a wrong answer", "[session][fault_guard]") {
  const TempFolder folder;
  const bool external = GENERATE(false, true);
  const auto path = write_model(folder, "m.onnx", external);
  const auto file = external ? fs::path(path.string() + ".data") : path;
  const auto size = fs::file_size(file);
  std::atomic<bool> stop{false};
  std::thread meddler([&] {
    while (!stop) {
      fs::resize_file(file, size / 3);
      write_model(folder, "m.onnx", external);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  int wrong = 0;
  for (int i = 0; i < 100; ++i) {
    auto session = Session::open(path, on_test_provider());
    if (!session.is_ok()) continue;
    const auto results = run(**session);
    if (results.is_ok() && !is_right(results)) ++wrong;
  }
  stop = true;
  meddler.join();
  CHECK(wrong == 0);
}

TEST_CASE("a session without the fault guard leaves the handler of bus errors alone", "[session][fault_guard]") {
  const TempFolder folder;
  const auto path = write_model(folder, "m.onnx", true);
  CHECK(ending_of_child([&] {
          std::signal(SIGBUS, SIG_DFL);
          SessionOptions options = on_test_provider();
          options.fault_guard = false;
          auto session = Session::open(path, options);
          if (!session.is_ok()) return 1;
          struct sigaction current {};
          sigaction(SIGBUS, nullptr, &current);
          return current.sa_handler == SIG_DFL ? 0 : 2;
        }) == "exit 0");
}
