#include <catch2/catch.hpp>
#include <tenon/sdk/geometry/split.hpp>

using namespace tenon::sdk;

TEST_CASE("stated lengths of a split are one per output and make up the axis", "[sdk]") {
  const Shape good{2, 0, 3}, none, hostile{INT64_MAX, INT64_MAX, 2}, negative{6, -1, 0};
  CHECK(split_lengths(5, 3, &good, false).value() == good);
  CHECK(split_lengths(-1, 3, &good, false).value() == good);
  CHECK_FALSE(split_lengths(6, 3, &good, false).is_ok());
  CHECK_FALSE(split_lengths(5, 2, &good, false).is_ok());
  CHECK_FALSE(split_lengths(5, 1, &none, true).is_ok());
  CHECK_FALSE(split_lengths(-1, 3, &hostile, true).is_ok());
  CHECK_FALSE(split_lengths(5, 3, &negative, true).is_ok());
}

TEST_CASE("a split without lengths is even, but for the last pieces since opset 18", "[sdk]") {
  CHECK(split_lengths(6, 3, nullptr, false).value() == Shape{2, 2, 2});
  CHECK_FALSE(split_lengths(7, 3, nullptr, false).is_ok());
  CHECK(split_lengths(7, 3, nullptr, true).value() == Shape{3, 3, 1});
  CHECK(split_lengths(4, 3, nullptr, true).value() == Shape{2, 2, 0});
  CHECK(split_lengths(1, 3, nullptr, true).value() == Shape{1, 0, 0});
  CHECK(split_lengths(0, 2, nullptr, false).value() == Shape{0, 0});
  CHECK(split_lengths(-1, 2, nullptr, false).value() == Shape{-1, -1});
}

TEST_CASE("since opset 18 a split states its lengths or the number of its outputs, not both", "[sdk]") {
  CHECK(check_num_outputs(3, 3, false, 18).is_ok());
  CHECK(check_num_outputs(0, 3, true, 18).is_ok());
  CHECK(check_num_outputs(0, 3, false, 13).is_ok());
  CHECK_FALSE(check_num_outputs(2, 3, false, 18).is_ok());
  CHECK_FALSE(check_num_outputs(3, 3, true, 18).is_ok());
  CHECK_FALSE(check_num_outputs(0, 3, false, 18).is_ok());
}
