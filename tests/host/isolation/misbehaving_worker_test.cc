// A provider that crashes, ends its process or hangs, at each point of its life, in a worker process: the host lives,
// and says what happened where.
#include <catch2/catch.hpp>
#include <chrono>

#include "host/plugins/loading/quarantine.h"
#include "tests/host/isolation/on_worker.h"
#include "tests/support/test_provider.h"

using namespace tenon::host;
using namespace tenon::test;
using Catch::Contains;

namespace {

std::string misbehaving() {
  return plugin_path("misbehaving");
}

// x + constant, which the provider packs.
std::unique_ptr<Model> add_model() {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {4});
  b.constant<float>("w", {4}, {1, 2, 3, 4});
  b.node("Add", {"x", "w"}, {"y"});
  b.output("y");
  return b.build();
}

Status run(Session& session, const RunOptions& run_options = {}) {
  const std::vector<NamedTensor> inputs = {floats("x", {4}, {1, -2, 3, -4})};
  return session.run(inputs, {}, run_options).status();
}

// What comes of opening a session and running it.
Status open_and_run(std::unique_ptr<Model> model, const RunOptions& run_options = {}) {
  auto session = Session::open_model(std::move(model), on_worker(misbehaving()));
  if (!session.is_ok()) return session.status();
  return run(**session, run_options);
}

struct Place {
  const char* phase;
  bool packs;        // it is of a kernel that packs
  const char* text;  // of the message
};

}  // namespace

TEST_CASE("a provider that ends its worker process at any point fails by name, and the host lives",
          "[isolation][own_process]") {
  const CrashFolder crashes;
  for (const Place& place :
       {Place{"constructor", false, "worker process"}, Place{"entry", false, "worker process"},
        Place{"create", false, "create"}, Place{"claim", false, "claim"}, Place{"compile", false, "compile of node"},
        Place{"kernel_create", false, "kernel create of node 'y_node'"}, Place{"pack_plan", true, "pack_plan"},
        Place{"pack", true, "pack of node 'y_node'"}, Place{"bind_pack", true, "bind_pack of node 'y_node'"},
        Place{"run", false, "run of node 'y_node' (Relu"}, Place{"body", false, "run of node 'y_node' (Relu"}})
    for (const char* manner : {"crash", "exit", "abort"}) {
      INFO(place.phase << ":" << manner);
      const Variable wish("TENON_TEST_MISBEHAVE", std::string(place.phase) + ":" + manner);
      const Status status = open_and_run(place.packs ? add_model() : relu_model());
      CHECK(status.code() == TN_INTERNAL);
      CHECK_THAT(status.message(), Contains("misbehaving") && Contains("its worker process") && Contains(place.text));
      // exit() of one body, while another one works on what it tears down, may end in either.
      const bool may_be_both = std::string(place.phase) == "body" && std::string(manner) == "exit";
      if (!may_be_both)
        CHECK_THAT(status.message(), Contains(std::string(manner) == "exit" ? "exit code 0" : "signal"));
      CHECK(lift_quarantine("misbehaving").is_ok());
    }
  CHECK(open_and_run(relu_model()).is_ok());
}

TEST_CASE("a kernel that writes to a weight ends its worker process alone, and the weight stays as it was",
          "[isolation][own_process]") {
  const CrashFolder crashes;
  const Variable wish("TENON_TEST_MISBEHAVE", "run:write_weight");
  const Status status = open_and_run(add_model());
  CHECK(status.code() == TN_INTERNAL);
  CHECK_THAT(status.message(), Contains("signal 11") && Contains("run of node 'y_node' (Add"));
}

TEST_CASE("what a library writes into its host's messages is no message, and ends its worker process",
          "[isolation][own_process]") {
  const CrashFolder crashes;
  for (const char* phase : {"create", "kernel_create", "pack_plan", "bind_pack"}) {
    INFO(phase);
    const Variable wish("TENON_TEST_MISBEHAVE", std::string(phase) + ":write_socket");
    const Status status = open_and_run(add_model());
    CHECK(status.code() == TN_INTERNAL);
    CHECK_THAT(status.message(), Contains("misbehaving") && Contains("its worker process"));
    CHECK(lift_quarantine("misbehaving").is_ok());
  }
  CHECK(open_and_run(add_model()).is_ok());
}

TEST_CASE("a kernel that writes all over shared memory spoils values at most", "[isolation][own_process]") {
  const CrashFolder crashes;
  const Variable wish("TENON_TEST_MISBEHAVE", "run:write_far");
  for (int i = 0; i < 5; ++i) {
    const Status status = open_and_run(relu_model(100'000));
    CHECK((status.is_ok() || !status.message().empty()));
  }
}

TEST_CASE("a worker process whose library is overwritten says so, and that is no crash of the library",
          "[isolation][own_process]") {
  const CrashFolder crashes;
  const TempFolder folder;
  const std::string library = folder.write("libmisbehaving.so", read_bytes(misbehaving()));
  auto session = Session::open_model(add_model(), on_worker(library));
  REQUIRE(session.is_ok());
  CHECK(run(**session).is_ok());
  folder.write("libmisbehaving.so", std::string(read_bytes(misbehaving()).size(), '\0'));
  const Status status = run(**session);
  CHECK(status.code() == TN_INTERNAL);
  CHECK_THAT(status.message(), Contains("replace libraries by renaming"));
  CHECK(list_quarantine().empty());
}

TEST_CASE("a session goes on in a new worker process after its first one has died", "[isolation][own_process]") {
  const CrashFolder crashes;
  auto session = Session::open_model(add_model(), on_worker(misbehaving()));
  REQUIRE(session.is_ok());
  CHECK(run(**session).is_ok());
  REQUIRE(std::system("pkill -KILL -P $PPID tenon-worker") == 0);
  // The death is seen before the run or in it.
  const Status after = run(**session);
  if (!after.is_ok()) CHECK_THAT(after.message(), Contains("signal 9"));
  CHECK(run(**session).is_ok());
}

TEST_CASE("a library that ended three worker processes is in quarantine until that is lifted",
          "[isolation][own_process]") {
  const CrashFolder crashes;
  {
    const Variable wish("TENON_TEST_MISBEHAVE", "run:crash");
    for (size_t i = 0; i < kCrashesToQuarantine; ++i) CHECK(open_and_run(relu_model()).code() == TN_INTERNAL);
  }
  const Status barred = open_and_run(relu_model());
  CHECK(barred.code() == TN_UNSUPPORTED);
  CHECK_THAT(barred.message(), Contains("quarantine") && Contains("signal 11") && Contains("--lift misbehaving"));
  const auto listed = list_quarantine();
  REQUIRE(listed.size() == 1);
  CHECK(listed[0].is_barred());
  CHECK(listed[0].path == misbehaving());
  CHECK(lift_quarantine(listed[0].digest).is_ok());
  CHECK(open_and_run(relu_model()).is_ok());
}

TEST_CASE("a worker process that hangs past the deadline of a run is ended, and the next run has another one",
          "[isolation][own_process]") {
  const CrashFolder crashes;
  RunOptions soon;
  soon.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(300);
  {
    const Variable wish("TENON_TEST_MISBEHAVE", "run:hang");
    const auto begin = std::chrono::steady_clock::now();
    const Status status = open_and_run(relu_model(), soon);
    CHECK(status.code() == TN_DEADLINE_EXCEEDED);
    CHECK_THAT(status.message(), Contains("misbehaving") && Contains("Relu"));
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
  }
  CHECK(list_quarantine().empty());
  CHECK(open_and_run(relu_model()).is_ok());
}
