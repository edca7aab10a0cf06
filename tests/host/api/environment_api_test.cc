// The log and the listing of providers through the C and the C++ API.
#include <tenon/environment.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <tenon/tenon.hpp>

#include "host/base/log.h"

using Catch::Contains;

namespace {

const std::string kProviders = TENON_BINARY_DIR "/lib/tenon/providers";

struct Logged {
  std::vector<std::string> lines;
  ~Logged() { tenon_log_set(nullptr, nullptr, TENON_LOG_DEFAULT); }

  static void write(void* argument, int level, const char* message) {
    static_cast<Logged*>(argument)->lines.push_back(std::to_string(level) + " " + message);
  }
};

}  // namespace

TEST_CASE("a function takes the log from its level on, until it is taken back", "[api]") {
  Logged logged;
  REQUIRE(tenon_log_set(Logged::write, &logged, TENON_LOG_INFO) == TENON_OK);
  tenon::host::log(TN_LOG_DEBUG, "too little");
  tenon::host::log(TN_LOG_INFO, "heard ", 1);
  CHECK(tenon_log_set(Logged::write, &logged, TENON_LOG_OFF) == TENON_OK);
  tenon::host::log(TN_LOG_ERROR, "not heard");
  CHECK(tenon_log_set(nullptr, nullptr, TENON_LOG_DEFAULT) == TENON_OK);
  CHECK_FALSE(tenon::host::log_enabled(TN_LOG_INFO));
  CHECK(tenon::host::log_enabled(TN_LOG_WARN));
  CHECK(logged.lines == std::vector<std::string>{"2 heard 1"});
}

TEST_CASE("standard error takes a level without a function", "[api]") {
  const Logged back;
  REQUIRE(tenon_log_set(nullptr, nullptr, TENON_LOG_ERROR) == TENON_OK);
  CHECK_FALSE(tenon::host::log_enabled(TN_LOG_WARN));
  CHECK(tenon::host::log_enabled(TN_LOG_ERROR));
  REQUIRE(tenon_log_set(nullptr, nullptr, TENON_LOG_DEBUG) == TENON_OK);
  CHECK(tenon::host::log_enabled(TN_LOG_DEBUG));
}

TEST_CASE("a level that there is not is refused, and the log stays as it was", "[api]") {
  Logged logged;
  REQUIRE(tenon_log_set(Logged::write, &logged, TENON_LOG_WARN) == TENON_OK);
  CHECK(tenon_log_set(Logged::write, &logged, -2) == TENON_INVALID_ARGUMENT);
  CHECK(tenon_log_set(Logged::write, &logged, 6) == TENON_INVALID_ARGUMENT);
  tenon::host::log(TN_LOG_WARN, "still");
  CHECK(logged.lines == std::vector<std::string>{"3 still"});
}

TEST_CASE("the C++ API gives the log to a function object", "[api]") {
  std::string heard;
  tenon::set_log(
      [&](tenon_log_level level, std::string_view message) { heard += std::to_string(level) + std::string(message); });
  tenon::host::log(TN_LOG_WARN, "a");
  tenon::set_log([&](tenon_log_level, std::string_view message) { heard += " then " + std::string(message); });
  tenon::host::log(TN_LOG_WARN, "b");
  tenon::set_log({});
  CHECK(heard == "3a then b");
}

TEST_CASE("the providers on the search path are listed without their options", "[api]") {
  REQUIRE(setenv("TENON_PROVIDER_PATH", kProviders.c_str(), 1) == 0);
  const auto listed = tenon::list_providers();
  unsetenv("TENON_PROVIDER_PATH");
  const auto found =
      std::find_if(listed.begin(), listed.end(), [](const auto& provider) { return provider.name == "cpu_ref"; });
  REQUIRE(found != listed.end());
  CHECK(found->is_usable);
  CHECK(found->why_not.empty());
  CHECK_FALSE(found->version.empty());
  CHECK_THAT(found->path, Contains("libcpu_ref.so"));
  CHECK(found->options.empty());
}

TEST_CASE("a provider that is named is loaded and tells its options", "[api]") {
  const auto loaded = tenon::load_providers(kProviders + "/libcpu_blas.so");
  REQUIRE(loaded.size() == 1);
  CHECK(loaded[0].name == "cpu_blas");
  REQUIRE_FALSE(loaded[0].options.empty());
  for (const auto& option : loaded[0].options) {
    CHECK_FALSE(option.name.empty());
    CHECK_FALSE(option.help.empty());
  }
  CHECK_THROWS_WITH(tenon::load_providers("no_such_provider"), Contains("no_such_provider"));
}

TEST_CASE("a provider is looked up by its file alone", "[api]") {
  const tenon::ProviderInfo found = tenon::look_up_provider(kProviders + "/libcpu_ref.so");
  CHECK(found.name == "cpu_ref");
  CHECK(found.is_usable);
  CHECK((found.min_abi == 1 && found.max_abi == 1));
  CHECK(found.kernels.empty());
  CHECK_THROWS_WITH(tenon::look_up_provider("no_such_provider"), Contains("no_such_provider"));
}

TEST_CASE("a provider that is loaded tells its kernels and the element types that they take", "[api]") {
  const tenon::ProviderInfo loaded = tenon::load_provider(kProviders + "/libcpu_ref.so");
  CHECK(loaded.abi_version == 1);
  const auto relu = std::find_if(loaded.kernels.begin(), loaded.kernels.end(),
                                 [](const auto& kernel) { return kernel.op_type == "Relu"; });
  REQUIRE(relu != loaded.kernels.end());
  CHECK(relu->domain.empty());
  CHECK(relu->since_version > 0);
  REQUIRE(relu->types.count("T") == 1);
  const std::vector<uint32_t>& types = relu->types.at("T");
  CHECK(std::find(types.begin(), types.end(), uint32_t{TENON_DTYPE_FLOAT}) != types.end());
}

TEST_CASE("what is not in a list of providers is refused", "[api]") {
  tenon_provider_list* list = nullptr;
  REQUIRE(tenon_providers(nullptr, &list) == TENON_OK);
  const size_t count = tenon_providers_count(list);
  auto info = tenon::detail::sized<tenon_provider_info>();
  CHECK(tenon_providers_get(list, count, &info) == TENON_INVALID_ARGUMENT);
  auto option = tenon::detail::sized<tenon_provider_option>();
  CHECK(tenon_providers_option(list, count, 0, &option) == TENON_INVALID_ARGUMENT);
  CHECK(tenon_providers_option_count(list, count) == 0);
  auto kernel = tenon::detail::sized<tenon_provider_kernel>();
  CHECK(tenon_providers_kernel(list, count, 0, &kernel) == TENON_INVALID_ARGUMENT);
  CHECK(tenon_providers_kernel(list, 0, 0, &kernel) == TENON_INVALID_ARGUMENT);
  CHECK(tenon_providers_kernel_count(list, count) == 0);
  tenon_providers_destroy(list);
}
