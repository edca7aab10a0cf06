// Listing what the search path holds.
#include "host/plugins/loading/provider_listing.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <map>

#include "tests/host/plugins/plugin_files.h"
#include "tests/support/temp_folder.h"

using namespace tenon::host;
using Catch::Matchers::Contains;

namespace {

std::map<std::string, ListedProvider> listed_in(const std::string& folders) {
  setenv("TENON_PROVIDER_PATH", folders.c_str(), 1);
  std::map<std::string, ListedProvider> by_file;
  for (ListedProvider& entry : list_providers()) by_file.emplace(entry.path.filename(), std::move(entry));
  unsetenv("TENON_PROVIDER_PATH");
  return by_file;
}

}  // namespace

TEST_CASE("the list holds every provider of the search path, and the reason against those that may not be loaded",
          "[plugins]") {
  const auto found = listed_in(std::string(TENON_BINARY_DIR) + "/tests/plugins");
  CHECK(found.at("libhostile_good.so").verdict.is_ok());
  CHECK(found.at("libhostile_good.so").descriptor->version == "1.0");
  CHECK(found.at("libleaky_relu_c99.so").verdict.is_ok());
  CHECK(found.at("libcpu_ref.so").descriptor->name == "cpu_ref");
  CHECK_THAT(found.at("libhostile_cpu.so").verdict.message(), Contains("needs a CPU feature"));
  CHECK(found.at("libhostile_cpu.so").descriptor);
  CHECK_THAT(found.at("libhostile_no_descriptor.so").verdict.message(), Contains("no note of the name"));
  CHECK_FALSE(found.at("libhostile_no_descriptor.so").descriptor);
}

TEST_CASE("listing maps no library", "[plugins]") {
  const auto found = listed_in(std::string(TENON_BINARY_DIR) + "/tests/plugins");
  CHECK(found.count("libhostile_refuses.so") == 1);
  std::ifstream maps("/proc/self/maps");
  std::string line;
  while (std::getline(maps, line)) CHECK_THAT(line, !Contains("libhostile_refuses.so"));
}

TEST_CASE("of two providers of one name the second is said to be in the way", "[plugins]") {
  tenon::test::TempFolder folder;
  const std::string bytes = read_bytes(plugin_path("hostile_good"));
  for (const char* name : {"a.so", "b.so"}) std::ofstream(folder.path() / name, std::ios::binary) << bytes;
  const auto found = listed_in(folder.path());
  CHECK(found.at("a.so").verdict.is_ok());
  CHECK_THAT(found.at("b.so").verdict.message(), Contains("named 'hostile_good', as is that of ") && Contains("a.so"));
}

TEST_CASE("a link that leads nowhere hides no library after it", "[plugins]") {
  tenon::test::TempFolder folder;
  std::filesystem::create_symlink("/nowhere/at/all.so", folder.path() / "a.so");
  std::ofstream(folder.path() / "b.so", std::ios::binary) << read_bytes(plugin_path("hostile_good"));
  CHECK(listed_in(folder.path()).count("b.so") == 1);
}
