// Loading provider libraries: each way to fail has its own message, none ends the process.
#include "host/plugins/loading/provider_library.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "host/plugins/provider.h"
#include "tests/host/plugins/fake_run.h"
#include "tests/host/plugins/plugin_files.h"
#include "tests/host/plugins/test_graph.h"

using namespace tenon::host;
using Catch::Matchers::Contains;

namespace {

// The Status of loading a library that must not load.
Status load_failure(const std::filesystem::path& path) {
  auto library = ProviderLibrary::load(path);
  if (library.is_ok()) (*library)->unload_when_unused();
  INFO(path);
  REQUIRE(!library.is_ok());
  return library.status();
}

bool is_in_process(const std::string& text) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);)
    if (line.find(text) != std::string::npos) return true;
  return false;
}

}  // namespace

TEST_CASE("a missing library is not found", "[plugins]") {
  const Status status = load_failure("/nowhere/libx.so");
  CHECK(status.code() == TN_NOT_FOUND);
  CHECK(status.message() == "provider library /nowhere/libx.so: cannot be opened: No such file or directory");
}

TEST_CASE("a provider that no folder holds is not found, and the folders are listed", "[plugins]") {
  const auto library = ProviderLibrary::find("no_such_provider");
  REQUIRE(!library.is_ok());
  CHECK(library.status().code() == TN_NOT_FOUND);
  CHECK_THAT(library.status().message(), Contains("libno_such_provider.so") && Contains("lib/tenon/providers"));
}

TEST_CASE("a folder, a device and a text file are no shared libraries", "[plugins]") {
  CHECK_THAT(load_failure("/tmp").message(), Contains("not a file"));
  CHECK_THAT(load_failure("/dev/null").message(), Contains("not a file"));
  const ScratchFile text("text.so");
  text.write("this is no library");
  CHECK_THAT(load_failure(text.path()).message(), Contains("not an ELF file"));
  const ScratchFile empty("empty.so");
  empty.write("");
  CHECK_THAT(load_failure(empty.path()).message(), Contains("not an ELF file"));
}

TEST_CASE("a library for another architecture is refused by name of the machine", "[plugins]") {
  std::string bytes = read_bytes(plugin_path("hostile_good"));
  bytes[kElfMachineOffset] = static_cast<char>(0xf3);  // RISC-V
  bytes[kElfMachineOffset + 1] = 0;
  const ScratchFile file("other_machine.so");
  file.write(bytes);
  const Status status = load_failure(file.path());
  CHECK(status.code() == TN_UNSUPPORTED);
  CHECK_THAT(status.message(), Contains("built for RISC-V, but this process is "));
}

TEST_CASE("descriptors that are missing, double or malformed are refused", "[plugins]") {
  CHECK_THAT(load_failure(plugin_path("hostile_no_descriptor")).message(), Contains("no note of the name \"Tenon\""));
  CHECK_THAT(load_failure(plugin_path("hostile_two_descriptors")).message(), Contains("2 Tenon descriptors"));
  CHECK_THAT(load_failure(plugin_path("hostile_magic")).message(), Contains("malformed descriptor"));
}

TEST_CASE("what the descriptor rules out is refused before the library is mapped", "[plugins]") {
  Status status = load_failure(plugin_path("hostile_abi_newer"));
  CHECK(status.code() == TN_UNSUPPORTED);
  CHECK_THAT(status.message(), Contains("speaks versions 5 to 7 of the kernel ABI, this host version 1"));

  status = load_failure(plugin_path("hostile_cpu"));
  CHECK(status.code() == TN_UNSUPPORTED);
  CHECK_THAT(status.message(), Contains("needs a CPU feature that this machine lacks: feature bit 31"));

  status = load_failure(plugin_path("hostile_sanitizer"));
  CHECK(status.code() == TN_UNSUPPORTED);
  CHECK_THAT(status.message(), Contains("Sanitizer, which this process does not run under"));

  status = load_failure(plugin_path("hostile_unique"));
  CHECK(status.code() == TN_UNSUPPORTED);
  CHECK_THAT(status.message(), Contains("the unique symbol tenon::sdk::Shared<int>::count, expected none") &&
                                   Contains("link it with the CMake target Tenon::sdk"));

  for (const char* name : {"hostile_abi_newer", "hostile_cpu", "hostile_sanitizer", "hostile_unique"})
    CHECK(!is_in_process(name));
}

TEST_CASE("entry points that are missing, refuse, throw or answer wrongly are refused", "[plugins]") {
  CHECK(load_failure(plugin_path("hostile_no_entry")).code() == TN_NOT_FOUND);
  CHECK_THAT(load_failure(plugin_path("hostile_no_entry")).message(),
             Contains("exports no symbol tenon_provider_entry"));
  CHECK_THAT(load_failure(plugin_path("hostile_refuses")).message(), Contains("the provider refuses this host"));
  CHECK_THAT(load_failure(plugin_path("hostile_entry_throws")).message(),
             Contains("threw across the ABI in its entry function: thrown by the entry"));
  CHECK_THAT(load_failure(plugin_path("hostile_table_newer")).message(), Contains("of ABI version 7"));
  CHECK_THAT(load_failure(plugin_path("hostile_other_name")).message(),
             Contains("its table says 'somebody_else' version 1.0, but its descriptor says 'hostile_other_name'"));
}

TEST_CASE("a provider may have unique symbols of its own namespaces", "[plugins]") {
  auto library = ProviderLibrary::load(plugin_path("hostile_own_unique"));
  REQUIRE(library.status().message() == "");
  (*library)->unload_when_unused();
}

TEST_CASE("an undefined symbol is named", "[plugins]") {
  CHECK_THAT(load_failure(plugin_path("hostile_unresolved")).message(),
             Contains("the dynamic loader refuses it") && Contains("tenon_test_symbol_that_nothing_defines"));
}

TEST_CASE("one file is loaded once, whatever path leads to it", "[plugins]") {
  auto first = ProviderLibrary::load(plugin_path("hostile_good"));
  REQUIRE(first.is_ok());
  const ScratchFile link("link.so");
  std::filesystem::create_symlink(plugin_path("hostile_good"), link.path());
  auto second = ProviderLibrary::load(link.path());
  REQUIRE(second.is_ok());
  CHECK(first->get() == second->get());
  (*first)->unload_when_unused();
}

TEST_CASE("two files that carry one provider name cannot both be loaded", "[plugins]") {
  auto first = ProviderLibrary::load(plugin_path("hostile_good"));
  REQUIRE(first.is_ok());
  const ScratchFile copy("copy.so");
  copy.write(read_bytes(plugin_path("hostile_good")));
  const Status status = load_failure(copy.path());
  CHECK(status.code() == TN_INVALID_ARGUMENT);
  CHECK_THAT(status.message(),
             Contains("named 'hostile_good', as is that of ") && Contains(plugin_path("hostile_good")));
  (*first)->unload_when_unused();
}

TEST_CASE("a library stays loaded unless unloading is asked for", "[plugins]") {
  const ScratchFile copy("unload.so");
  copy.write(read_bytes(plugin_path("hostile_good")));
  { REQUIRE(ProviderLibrary::load(copy.path()).is_ok()); }
  CHECK(is_in_process(copy.path().filename()));
  {
    auto library = ProviderLibrary::load(copy.path());
    REQUIRE(library.is_ok());
    (*library)->unload_when_unused();
    CHECK(is_in_process(copy.path().filename()));
  }
  CHECK(!is_in_process(copy.path().filename()));
}

TEST_CASE("an exception from a kernel's run is an error of that run", "[plugins]") {
  auto provider = Provider::create(ProviderSpec{plugin_path("hostile_throws"), {}});
  REQUIRE(provider.is_ok());
  TestGraph g;
  const Node* relu = g.node("Relu", {"x"}, {"y"});
  g.finish({"x"}, {"y"});
  auto kernel = (*provider)->create_kernel(*relu);
  REQUIRE(kernel.is_ok());
  FakeRun run({Tensor::allocate(TN_FLOAT, {3}, Residence::kRuntime).value()});
  const Status status = kernel->run(run);
  CHECK(status.code() == TN_INTERNAL);
  CHECK(
      status.message() ==
      "provider 'hostile_throws': threw across the ABI in run: thrown by run; a plugin must catch its own exceptions");
}
