#include "host/base/checked.h"

#include <catch2/catch.hpp>
#include <vector>

using tenon::host::checked_element_count;
using tenon::host::CheckedSize;

TEST_CASE("a product that does not fit in 64 bits is invalid and stays so", "[base]") {
  const CheckedSize big(uint64_t{1} << 40);
  CHECK_FALSE((big * big).is_valid());
  CHECK_FALSE((big * big + CheckedSize(1)).is_valid());
  CHECK_FALSE((big * big * CheckedSize(0)).is_valid());
}

TEST_CASE("an element count with a negative dimension is invalid even beside a zero", "[base]") {
  CHECK_FALSE(checked_element_count(std::vector<int64_t>{0, -1}).is_valid());
  CHECK(checked_element_count(std::vector<int64_t>{0, 7}).get() == 0);
  CHECK(checked_element_count(std::vector<int64_t>{}).get() == 1);
}
