// Memory of sessions and processes, and calls into providers, through the C and the C++ API.
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cstring>
#include <tenon/tenon.hpp>
#include <thread>

#include "host/plugins/calls/plugin_call.h"
#include "tests/support/onnx_models.h"

using Catch::Contains;

namespace {

/// A thread that is in a call of a provider until this goes.
class Caller {
 public:
  Caller() : thread_([this] { call(); }) {
    while (!is_calling_) std::this_thread::yield();
  }
  ~Caller() {
    may_return_ = true;
    thread_.join();
  }

 private:
  void call() {
    const tenon::host::PluginCall call(tenon::host::PluginPhase::kClaim, "slow", "/lib/libslow.so");
    is_calling_ = true;
    while (!may_return_) std::this_thread::yield();
  }

  std::atomic<bool> is_calling_{false}, may_return_{false};
  std::thread thread_;
};

constexpr char kCall[] = "provider 'slow' (/lib/libslow.so) in claim";

}  // namespace

TEST_CASE("the memory of a process is told by its number, 0 being this one", "[api]") {
  const tenon::MemoryUse own = tenon::process_memory();
  CHECK(own.private_bytes() > 0);
  CHECK(own.resident >= own.private_bytes());
  CHECK(tenon::process_memory(getpid()).resident > 0);
  CHECK_THROWS_WITH(tenon::process_memory(999999999), Contains("999999999"));
  CHECK_THROWS_WITH(tenon::process_memory(-1), Contains("pid -1"));
}

TEST_CASE("what a session holds is told by kind", "[api]") {
  onnx::ModelProto proto = tenon::test::empty_model();
  tenon::test::set_float_type(*proto.mutable_graph()->add_input(), "x", {1});
  tenon::test::set_float_type(*proto.mutable_graph()->add_output(), "y", {1});
  tenon::test::add_node(*proto.mutable_graph(), "Relu", {"x"}, {"y"});
  const std::string bytes = proto.SerializeAsString();
  const auto session = tenon::Session::from_bytes(bytes.data(), bytes.size());
  const std::string report = session.report("json");
  for (const tenon::Residency& entry : session.residency()) {
    CHECK_FALSE(entry.kind.empty());
    CHECK_THAT(report, Contains(entry.kind));
  }
}

TEST_CASE("what a process holds begins with the files that it shares", "[api]") {
  const std::vector<tenon::Residency> held = tenon::process_residency();
  REQUIRE_FALSE(held.empty());
  bool were_files = true;
  for (const tenon::Residency& entry : held) {
    const bool is_file = entry.kind == "shared file";
    CHECK((were_files || !is_file));
    CHECK(entry.name.empty() == !is_file);
    CHECK(entry.bytes >= entry.resident);
    were_files = is_file;
  }
  CHECK_FALSE(were_files);
  tenon_residency_list* list = nullptr;
  REQUIRE(tenon_process_residency(0, &list) == TENON_OK);
  auto entry = tenon::detail::sized<tenon_residency>();
  CHECK(tenon_residency_get(list, tenon_residency_count(list), &entry) == TENON_INVALID_ARGUMENT);
  tenon_residency_destroy(list);
}

TEST_CASE("a call that has not returned is told, and is gone once it has", "[api]") {
  uint64_t number = 0;
  {
    const Caller caller;
    const std::vector<uint64_t> calls = tenon::calls();
    REQUIRE(calls.size() == 1);
    number = calls[0];
    CHECK(tenon::call_text(number) == kCall);
    char text[256];
    CHECK(tenon_calls_text(text, sizeof text) == 1);
    CHECK(std::string(text) == kCall);
    char short_text[9];
    CHECK(tenon_call_text(number, short_text, sizeof short_text) == 8);
    CHECK(std::string(short_text) == "provider");
  }
  CHECK(tenon::calls().empty());
  CHECK(tenon::call_text(number).empty());
}

TEST_CASE("a number that never was a call's has no text", "[api]") {
  CHECK(tenon::call_text(0).empty());
  CHECK(tenon::call_text(UINT64_MAX).empty());
}

TEST_CASE("a thread that calls no provider ends the process by itself", "[api]") {
  CHECK(tenon_crash_report_ended_by("_exit()") == 0);
}
