// The entry point of tenon_tests.
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#include <cstdlib>

int main(int argc, char** argv) {
  // No test leaves packs in the user's cache; those about packs ask for them, in folders of their own.
  setenv("TENON_PACK", "off", 1);
  setenv("TENON_SHM_DIR", "/dev/null/tenon", 1);
  return Catch::Session().run(argc, argv);
}
