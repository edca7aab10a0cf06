// What is said, and what still happens, when a signal ends a process that calls a provider.
#include "host/plugins/calls/crash_report.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>

#include "host/plugins/calls/plugin_call.h"
#include "host/plugins/loading/provider_library.h"
#include "host/session/session.h"
#include "host/storage/file_mapping.h"
#include "tests/host/plugins/plugin_files.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_provider.h"

using namespace tenon::host;
using namespace tenon::test;
using Catch::Matchers::Contains;

namespace {

struct Outcome {
  std::string ending;  // of the child
  std::string errors;  // what it wrote to standard error
};

template <typename Body>
Outcome outcome_of(Body&& body) {
  TempFolder folder;
  const std::string file = folder.path() / "errors";
  Outcome outcome;
  outcome.ending = ending_of_child([&] {
    const int errors = open(file.c_str(), O_CREAT | O_WRONLY, 0600);
    dup2(errors, STDERR_FILENO);
    // Catch's own handlers, and a sanitizer's, are not what is tested.
    for (const int number : {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGTRAP}) signal(number, SIG_DFL);
    return body();
  });
  std::ifstream in(file);
  outcome.errors.assign(std::istreambuf_iterator<char>(in), {});
  return outcome;
}

int exit_42() {
  struct sigaction own {};
  own.sa_handler = [](int) { _exit(42); };
  return sigaction(SIGSEGV, &own, nullptr);
}

void crash() {
  raise(SIGSEGV);
}

}  // namespace

TEST_CASE("a signal during a call is named before the default action", "[plugins][crash_report]") {
  const Outcome outcome = outcome_of([] {
    install_crash_report();
    const PluginCall call(PluginPhase::kPack, "a", "/lib/a.so");
    crash();
    return 0;
  });
  CHECK(outcome.ending == "signal " + std::to_string(SIGSEGV));
  CHECK(outcome.errors == "error: provider 'a' (/lib/a.so) crashed with SIGSEGV in pack\n");
}

TEST_CASE("the application's handler has its turn after the line", "[plugins][crash_report]") {
  const Outcome outcome = outcome_of([] {
    exit_42();
    install_crash_report();
    const PluginCall call(PluginPhase::kPack, "a", "");
    crash();
    return 0;
  });
  CHECK(outcome.ending == "exit 42");
  CHECK_THAT(outcome.errors, Contains("provider 'a' crashed with SIGSEGV in pack"));
}

TEST_CASE("a signal of the application's own is handed on without a word", "[plugins][crash_report]") {
  const Outcome outcome = outcome_of([] {
    exit_42();
    install_crash_report();
    crash();
    return 0;
  });
  CHECK(outcome.ending == "exit 42");
  CHECK(outcome.errors.empty());
}

TEST_CASE("a lost page that the fault guard mends is no crash", "[plugins][crash_report][fault_guard]") {
  TempFolder folder;
  const auto file = folder.write("weights", std::string(1 << 16, 'w'));
  const bool guard_first = GENERATE(true, false);
  const Outcome outcome = outcome_of([&] {
    if (!guard_first) install_crash_report();
    const auto mapping = FileMapping::open(file);
    if (guard_first) install_crash_report();
    if (!mapping.is_ok() || truncate(file.c_str(), 0) != 0) return 1;
    const PluginCall call(PluginPhase::kRun, "a", "");
    const volatile char* byte = reinterpret_cast<const volatile char*>((*mapping)->bytes().data()) + 40'000;
    return *byte == 0 && !(*mapping)->check_intact().is_ok() ? 7 : 2;
  });
  CHECK(outcome.ending == "exit 7");
  CHECK(outcome.errors.empty());
}

TEST_CASE("a bus error outside of mappings is named and ends the process, with the fault guard before or after",
          "[plugins][crash_report][fault_guard]") {
  TempFolder folder;
  const auto file = folder.write("weights", std::string(1 << 16, 'w'));
  const auto other = folder.write("other", std::string(1 << 16, 'o'));
  const bool guard_first = GENERATE(true, false);
  const Outcome outcome = outcome_of([&] {
    if (!guard_first) install_crash_report();
    const auto mapping = FileMapping::open(file);
    if (guard_first) install_crash_report();
    const int descriptor = open(other.c_str(), O_RDWR);
    void* bytes = mmap(nullptr, 1 << 16, PROT_READ, MAP_SHARED, descriptor, 0);
    if (ftruncate(descriptor, 0) != 0) return 1;
    const PluginCall call(PluginPhase::kRun, "a", "");
    return static_cast<int>(*static_cast<const volatile char*>(bytes));
  });
  CHECK(outcome.ending == "signal " + std::to_string(SIGBUS));
  CHECK_THAT(outcome.errors, Contains("provider 'a' crashed with SIGBUS (address 0x") && Contains(" in run\n"));
}

TEST_CASE("exit() during a call is named, and ends the process as asked", "[plugins][crash_report][own_process]") {
  const Outcome outcome = outcome_of([] {
    install_crash_report();
    const PluginCall call(PluginPhase::kCreate, "a", "");
    std::exit(3);
    return 0;
  });
  CHECK(outcome.ending == "exit 3");
  CHECK(outcome.errors == "error: provider 'a' ended the process by exit() in create\n");
}

TEST_CASE("a session installs the crash report only when it is asked to", "[session][crash_report]") {
  const std::string how = GENERATE("not", "by option", "by environment");
  const Outcome outcome = outcome_of([&] {
    if (how == "by environment") setenv("TENON_CRASH_REPORT", "1", 1);
    GraphBuilder b;
    b.input("x", TN_FLOAT, {1});
    b.node("Relu", {"x"}, {"y"});
    b.output("y");
    SessionOptions options;
    options.crash_report = how == "by option";
    const auto session = must_open(b, options);
    const PluginCall call(PluginPhase::kRun, "a", "");
    crash();
    return 0;
  });
  CHECK(outcome.ending == "signal " + std::to_string(SIGSEGV));
  CHECK(outcome.errors.empty() == (how == "not"));
}

TEST_CASE("a crash in a library that was overwritten says that it was", "[plugins][crash_report]") {
  const TempFolder folder;
  const auto path = folder.write("libmisbehaving.so", read_bytes(plugin_path("misbehaving")));
  const Outcome outcome = outcome_of([&] {
    install_crash_report();
    const auto library = ProviderLibrary::load(path);
    if (!library.is_ok()) return 1;
    folder.write("libmisbehaving.so", std::string(std::filesystem::file_size(path), '\0'));
    tn_provider_instance* instance = nullptr;
    const tn_instance_request request{};
    const PluginCall call(PluginPhase::kCreate, "misbehaving", path.native());
    (*library)->table().create(&request, &instance);
    return 0;
  });
  CHECK_THAT(outcome.ending, Catch::Matchers::StartsWith("signal"));
  CHECK_THAT(outcome.errors, Contains("libmisbehaving.so was written to after it was loaded: replace libraries by "
                                      "renaming"));
}
