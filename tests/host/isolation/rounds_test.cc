// Hostile providers loaded, run and unloaded again and again, each in a worker process: 10,000 rounds, or as many as
// TENON_ROUNDS says. Takes minutes, so it is asked for by its tag.
#include <catch2/catch.hpp>
#include <chrono>
#include <map>

#include "host/plugins/loading/quarantine.h"
#include "tests/host/isolation/on_worker.h"
#include "tests/support/test_provider.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

struct Hostile {
  std::string library, variable, wish;
};

std::vector<Hostile> hostile_providers() {
  std::vector<Hostile> found;
  for (const char* phase : {"constructor", "entry", "create", "claim", "compile", "kernel_create", "run", "body",
                            "kernel_destroy", "destroy", "own_thread"})
    for (const char* manner : {"crash", "overflow", "illegal", "abort", "exit", "_exit", "quick_exit", "terminate"})
      found.push_back({plugin_path("misbehaving"), "TENON_TEST_MISBEHAVE", concat(phase, ":", manner)});
  for (const char* wish :
       {"run:hang", "run:write_far", "claim:write_socket", "kernel_create:write_socket", "run:write_socket"})
    found.push_back({plugin_path("misbehaving"), "TENON_TEST_MISBEHAVE", wish});
  const std::string breaker = std::string(TENON_BINARY_DIR) + "/tests/conform/libbreaker.so";
  for (const char* breach : {"",
                             "writes_input",
                             "reads_beyond",
                             "reads_before",
                             "overruns_output",
                             "overruns_scratch",
                             "unwritten",
                             "other_type",
                             "shared_scratch",
                             "ignores_error",
                             "handler",
                             "locale",
                             "folder",
                             "umask",
                             "environment",
                             "flush_to_zero",
                             "crash",
                             "exit",
                             "abort",
                             "throws",
                             "refuses_all",
                             "wrong_group",
                             "over_claims",
                             "rule_unusable",
                             "newer_table",
                             "other_name",
                             "constructor_thread",
                             "constructor_handler",
                             "entry_thread",
                             "leaves_thread",
                             "leaves_file",
                             "thread_local",
                             "reads_host_beyond",
                             "thread"})
    found.push_back({breaker, "TENON_TEST_BREAK", breach});
  for (const char* name :
       {"throws", "no_descriptor", "two_descriptors", "magic", "abi_newer", "table_newer", "cpu", "sanitizer",
        "no_entry", "refuses", "entry_throws", "other_name", "unresolved", "other_shape", "unique", "own_unique"})
    found.push_back({plugin_path(concat("hostile_", name)), "TENON_TEST_BREAK", ""});
  return found;
}

Status round_of(const Hostile& hostile) {
  const Variable wish(hostile.variable.c_str(), hostile.wish);
  auto session = Session::open_model(relu_model(), on_worker(hostile.library));
  if (!session.is_ok()) return session.status();
  RunOptions options;
  options.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(hostile.wish == "run:hang" ? 0 : 20);
  const std::vector<NamedTensor> inputs = {floats("x", {4}, {1, -2, 3, -4})};
  return (*session)->run(inputs, {}, options).status();
}

}  // namespace

TEST_CASE("the host outlives ten thousand rounds of hostile providers in worker processes", "[.][isolation_rounds]") {
  const CrashFolder crashes;
  const char* const asked = std::getenv("TENON_ROUNDS");
  const size_t rounds = asked != nullptr ? std::stoul(asked) : 10'000;
  const auto all = hostile_providers();
  std::map<std::string, size_t> outcomes;
  for (size_t i = 0; i < rounds; ++i) {
    const Hostile& hostile = all[i % all.size()];
    INFO(hostile.library << " " << hostile.wish);
    Status status = round_of(hostile);
    if (status.message().find("quarantine (") != std::string::npos) CHECK(!list_quarantine().empty());
    for (const QuarantinedLibrary& library : list_quarantine())
      if (library.is_barred()) CHECK(lift_quarantine(library.digest).is_ok());
    CHECK((status.is_ok() || !status.message().empty()));
    ++outcomes[status.is_ok() ? "ran" : code_name(status.code())];
  }
  for (const auto& [outcome, count] : outcomes) WARN(outcome << ": " << count);
  // None is left behind.
  CHECK(std::system("pgrep -P $PPID tenon-worker > /dev/null") != 0);
}
