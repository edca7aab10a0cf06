#include "host/base/status.h"

#include <catch2/catch.hpp>
#include <filesystem>

using tenon::host::concat;

TEST_CASE("concat joins its parts as a stream would print them", "[base]") {
  const char* const pointer = "pointer";
  const std::string_view view = "view";
  CHECK(concat() == "");
  CHECK(concat("nothing", static_cast<const char*>(nullptr), ".") == "nothing.");
  CHECK(concat("array ", pointer, ' ', view, std::string(" string")) == "array pointer view string");
  CHECK(concat(-1, " ", uint64_t{1} << 63, " ", int64_t{INT64_MIN}, " ", uint16_t{7}) ==
        "-1 9223372036854775808 -9223372036854775808 7");
  CHECK(concat(true, false) == "10");
  CHECK(concat(0.25, " ", 1.5f, " ", 1e30) == "0.25 1.5 1e+30");
  CHECK(concat(std::filesystem::path("a b")) == "\"a b\"");
}
