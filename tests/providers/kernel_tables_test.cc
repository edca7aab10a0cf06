// The built-in providers' kernel tables as a whole: what a merge of two lines of work can break.
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "host/graph/schema.h"
#include "host/plugins/loading/provider_library.h"

using namespace tenon::host;

namespace {

std::string text(const tn_kernel_def& def) {
  std::string line = concat(def.domain, ":", def.op_type, " ", def.since_version, "-", def.last_version);
  for (uint32_t t = 0; t < def.type_count; ++t) {
    line += concat(" ", def.types[t].parameter, "=");
    for (uint32_t d = 0; d < def.types[t].count; ++d) line += concat(def.types[t].dtypes[d], ",");
  }
  return line;
}

}  // namespace

TEST_CASE("no kernel stands twice in a built-in provider's table", "[providers]") {
  for (const char* name : {"cpu_ref", "cpu_blas", "cpu_image"}) {
    const auto library = ProviderLibrary::find(name);
    INFO(name << ": " << library.status().message());
    REQUIRE(library.is_ok());
    const tn_provider& table = (*library)->table();
    std::set<std::string> seen;
    for (uint32_t i = 0; i < table.kernel_count; ++i) {
      const std::string line = text(table.kernels[i]);
      INFO(name << ": " << line);
      CHECK(seen.insert(line).second);
    }
    CHECK(seen.size() == table.kernel_count);
  }
}

TEST_CASE("a built-in kernel's range of opset versions is not empty", "[providers]") {
  for (const char* name : {"cpu_ref", "cpu_blas", "cpu_image"}) {
    const auto library = ProviderLibrary::find(name);
    REQUIRE(library.is_ok());
    const tn_provider& table = (*library)->table();
    for (uint32_t i = 0; i < table.kernel_count; ++i) {
      const tn_kernel_def& def = table.kernels[i];
      INFO(name << ": " << text(def));
      CHECK(def.since_version >= 1);
      CHECK((def.last_version == 0 || def.last_version >= def.since_version));
    }
  }
}

TEST_CASE("every built-in kernel has a schema, by which its types are held", "[providers]") {
  for (const char* name : {"cpu_ref", "cpu_blas", "cpu_image"}) {
    const auto library = ProviderLibrary::find(name);
    REQUIRE(library.is_ok());
    const tn_provider& table = (*library)->table();
    for (uint32_t i = 0; i < table.kernel_count; ++i) {
      INFO(name << ": " << text(table.kernels[i]));
      CHECK(find_schema(table.kernels[i].domain, table.kernels[i].op_type, table.kernels[i].since_version) != nullptr);
    }
  }
}
