// What the library of cpu_blas shows to the process that loads it.
#include <dlfcn.h>

#include <filesystem>

#include "tests/providers/cpu_blas/on_cpu_blas.h"

TEST_CASE("cpu_blas exports its entry point and no BLAS", "[cpu_blas]") {
  void* library = dlopen(tenon::test::cpu_blas_path().c_str(), RTLD_NOW | RTLD_LOCAL);
  REQUIRE(library != nullptr);
  CHECK(dlsym(library, "tenon_provider_entry") != nullptr);
  for (const char* name : {"cblas_sgemm", "sgemm_"}) CHECK(dlsym(library, name) == nullptr);
}

TEST_CASE("cpu_blas refuses an option that it does not have and names it", "[cpu_blas]") {
  const auto provider = tenon::host::Provider::create({tenon::test::cpu_blas_path(), {{"threads", "4"}}});
  REQUIRE_FALSE(provider.is_ok());
  CHECK_THAT(provider.status().message(), Catch::Contains("threads"));
}
