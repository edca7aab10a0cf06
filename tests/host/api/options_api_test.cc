// Options by name through the C and the C++ API: listing, setting, asking.
#include <tenon/tenon.h>

#include <catch2/catch.hpp>
#include <set>
#include <tenon/tenon.hpp>

#include "host/session/option_table.h"
#include "tests/support/option_values.h"

using Catch::Contains;
using tenon::test::bad_values;
using tenon::test::good_values;

TEST_CASE("the C API lists every option, and sets and gives each", "[api][options]") {
  tenon_options* options = tenon_options_create();
  REQUIRE(tenon_option_count() == tenon::host::option_rows().size());
  for (size_t i = 0; i < tenon_option_count(); ++i) {
    const tenon::host::OptionRow& row = tenon::host::option_rows()[i];
    tenon_option option{};
    option.struct_size = sizeof option;
    REQUIRE(tenon_option_at(i, &option) == TENON_OK);
    INFO(option.name);
    CHECK(option.name == std::string(row.name));
    CHECK(option.values == row.values());
    CHECK(option.default_value == std::string(row.default_text));
    CHECK(option.environment == row.environment_text());
    CHECK(option.help == std::string(row.help));
    CHECK(option.flag == std::string(row.flag));
    CHECK(option.kind == static_cast<uint32_t>(row.kind()));
    CHECK(option.struct_size == sizeof option);
    for (const std::string& value : good_values(row)) {
      REQUIRE(tenon_options_set(options, option.name, value.c_str()) == TENON_OK);
      char* text = nullptr;
      REQUIRE(tenon_options_get(options, option.name, &text) == TENON_OK);
      CHECK(text == value);
      tenon_string_free(text);
    }
    for (const std::string& value : bad_values(row)) {
      CHECK(tenon_options_set(options, option.name, value.c_str()) == TENON_INVALID_ARGUMENT);
      CHECK_THAT(tenon_last_error(), Contains(option.name));
    }
  }
  tenon_options_destroy(options);
}

TEST_CASE("without options the C API gives the defaults", "[api][options]") {
  char* text = nullptr;
  REQUIRE(tenon_options_get(nullptr, "threads", &text) == TENON_OK);
  CHECK(text == std::string("0"));
  tenon_string_free(text);
  REQUIRE(tenon_options_get(nullptr, "pack", &text) == TENON_OK);
  CHECK(text == std::string());
  tenon_string_free(text);
}

TEST_CASE("bad arguments to the options of the C API are errors with a message", "[api][options]") {
  char* text = nullptr;
  CHECK(tenon_options_get(nullptr, nullptr, &text) == TENON_INVALID_ARGUMENT);
  CHECK(tenon_options_get(nullptr, "threads", nullptr) == TENON_INVALID_ARGUMENT);
  CHECK(tenon_options_get(nullptr, "thread", &text) == TENON_INVALID_ARGUMENT);
  CHECK(text == nullptr);
  CHECK_THAT(tenon_last_error(), Contains("unknown option 'thread': known are providers, threads"));
  CHECK(tenon_option_at(0, nullptr) == TENON_INVALID_ARGUMENT);
  tenon_option option{};
  CHECK(tenon_option_at(0, &option) == TENON_INVALID_ARGUMENT);
  CHECK_THAT(tenon_last_error(), Contains("set it to sizeof(tenon_option)"));
  option.struct_size = sizeof option;
  CHECK(tenon_option_at(tenon_option_count(), &option) == TENON_INVALID_ARGUMENT);
  CHECK_THAT(tenon_last_error(), Contains("there is no option"));
}

TEST_CASE("the C++ API sets, gives and lists options", "[api][options]") {
  tenon::Options options;
  CHECK(options.get("threads") == "0");
  CHECK(options.threads(3).pack("readonly").cache_dir("/packs").cache_max_bytes(7).get("threads") == "3");
  CHECK(options.get("pack") == "readonly");
  CHECK(options.get("cache_dir") == "/packs");
  CHECK(options.get("cache_max_bytes") == "7");
  CHECK(options.verify_packs_always().get("pack_verify") == "always");
  CHECK(options.providers("cpu_ref").get("providers") == "cpu_ref");
  CHECK_THROWS_WITH(options.get("thread"), Contains("unknown option 'thread'"));
  std::set<std::string> names;
  for (const tenon_option& option : tenon::Options::known()) names.insert(option.name);
  CHECK(names.size() == tenon_option_count());
}
