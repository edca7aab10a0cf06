#include "host/base/dtype.h"

#include <catch2/catch.hpp>

using namespace tenon::host;

TEST_CASE("a number names an element type or is undefined", "[dtype]") {
  CHECK(dtype_from_number(1) == TN_FLOAT);
  CHECK(dtype_from_number(28) == TN_FLOAT6E3M2);
  for (const int64_t number : {int64_t{0}, int64_t{-1}, int64_t{29}, int64_t{6684673}, INT64_MAX, INT64_MIN})
    CHECK(dtype_from_number(number) == TN_UNDEFINED);
}
