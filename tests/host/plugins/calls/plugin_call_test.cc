// Records of calls into plugins, as their own thread and others read them.
#include "host/plugins/calls/plugin_call.h"

#include <sys/mman.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <new>
#include <thread>

#include "tests/host/plugins/test_graph.h"

using namespace tenon::host;
using Catch::Matchers::Contains;

namespace {

std::string place_of(const PluginCall& call) {
  SignalText text;
  add_place(call.facts(), text);
  return std::string(text.view());
}

/// What this thread's calls look like to another one.
std::string seen_by_another() {
  std::string seen;
  std::thread([&] {
    SignalText text;
    add_other_calls(text);
    seen = text.view();
  }).join();
  return seen;
}

}  // namespace

TEST_CASE("a call is on record while it runs, the innermost first", "[plugins]") {
  REQUIRE(PluginCall::current() == nullptr);
  {
    const PluginCall outer(PluginPhase::kRun, "a", "/lib/a.so");
    CHECK(PluginCall::current() == &outer);
    {
      const PluginCall inner(&outer);
      CHECK(PluginCall::current() == &inner);
      CHECK(seen_by_another() == "provider 'a' (/lib/a.so) in a body of parallel_for in run");
    }
    CHECK(PluginCall::current() == &outer);
    CHECK(seen_by_another() == "provider 'a' (/lib/a.so) in run");
  }
  CHECK(PluginCall::current() == nullptr);
  CHECK(seen_by_another().empty());
}

TEST_CASE("the place of a call names phase, node and group", "[plugins]") {
  TestGraph g;
  Node* relu = g.node("Relu", {"x"}, {"y"});
  g.finish({"x"}, {"y"});
  CHECK(place_of(PluginCall(PluginPhase::kRun, "a", "", relu)) == "run of node 'y_node' (Relu, opset 14)");
  CHECK(place_of(PluginCall(PluginPhase::kCompile, "a", "", relu, 3)) ==
        "compile of a group of 3 nodes beginning at node 'y_node' (Relu, opset 14)");
  CHECK(place_of(PluginCall(PluginPhase::kCreate, "a", "")) == "create");
  CHECK(place_of(PluginCall(PluginPhase::kLoading, "a", "/a.so")) == "the loading of its library /a.so");
  relu->name.clear();
  CHECK(place_of(PluginCall(PluginPhase::kRun, "a", "", relu)) == "run of node that computes 'y' (Relu, opset 14)");
}

TEST_CASE("names of any length and any bytes make one bounded line", "[plugins]") {
  TestGraph g;
  Node* relu = g.node("Relu", {"x"}, {"y"});
  g.finish({"x"}, {"y"});
  relu->name = "two\nlines" + std::string(100'000, 'x');
  SignalText text;
  const std::string provider(5'000, 'p'), library(5'000, 'l');  // borrowed
  const PluginCall call(PluginPhase::kRun, provider, library, relu);
  add_provider(call.facts(), text);
  add_place(call.facts(), text);
  CHECK(text.view().size() < 2048);
  CHECK_THAT(std::string(text.view()), Contains("two?lines") && Contains("(Relu, opset 14)"));
}

TEST_CASE("a call that is over is not taken for the one that follows at the same place", "[plugins]") {
  alignas(PluginCall) std::byte place[sizeof(PluginCall)];
  auto* first = new (place) PluginCall(PluginPhase::kPack, "a", "");
  const auto calls = calls_under_way();
  REQUIRE(calls.size() == 1);
  first->~PluginCall();
  const auto* second = new (place) PluginCall(PluginPhase::kRun, "a", "");
  SignalText text;
  CHECK_FALSE(add_call(calls[0], text));
  CHECK(text.view().empty());
  REQUIRE(calls_under_way().size() == 1);
  CHECK_FALSE(calls_under_way()[0] == calls[0]);
  second->~PluginCall();
}

TEST_CASE("reading a call whose names are gone finds nothing instead of faulting", "[plugins]") {
  void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(page != MAP_FAILED);
  const PluginCall call(PluginPhase::kRun, std::string_view(static_cast<const char*>(page), 8), "");
  // Kept, so that nothing else can be mapped there meanwhile.
  REQUIRE(mprotect(page, 4096, PROT_NONE) == 0);
  CHECK(seen_by_another().empty());
  munmap(page, 4096);
}

TEST_CASE("threads that have ended leave room for others", "[plugins]") {
  for (int i = 0; i < 1'100; ++i) std::thread([] { const PluginCall call(PluginPhase::kRun, "a", ""); }).join();
  std::string seen;
  std::thread([&] {
    const PluginCall call(PluginPhase::kRun, "b", "");
    seen = seen_by_another();
  }).join();
  CHECK(seen == "provider 'b' in run");
}

TEST_CASE("calls of many threads are read while they come and go", "[plugins]") {
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      while (!stop) {
        const std::string name(20, 'n');
        const PluginCall call(PluginPhase::kRun, name, name);
        // About as long as a look takes, so that some are caught and some get away.
        const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(100);
        while (std::chrono::steady_clock::now() < end) {
        }
      }
    });
  const std::string whole = "provider 'nnnnnnnnnnnnnnnnnnnn' (nnnnnnnnnnnnnnnnnnnn) in run";
  size_t found = 0, torn = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (found < 1'000 && std::chrono::steady_clock::now() < end)
    for (const CallId& call : calls_under_way()) {
      SignalText text;
      if (!add_call(call, text)) continue;
      ++found;
      torn += text.view() != whole;
    }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(found > 0);
  CHECK(torn == 0);
}
