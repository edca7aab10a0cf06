#include <catch2/catch.hpp>
#include <tenon/sdk/geometry/blocks.hpp>

using namespace tenon::sdk;

TEST_CASE("blocks go out of the channels into space and back", "[sdk]") {
  CHECK(block_moved_shape(Shape{1, 8, 2, 3}, 2, true).value() == Shape{1, 2, 4, 6});
  CHECK(block_moved_shape(Shape{1, 2, 4, 6}, 2, false).value() == Shape{1, 8, 2, 3});
  CHECK(block_moved_shape(Shape{-1, -1, 2, -1}, 2, true).value() == Shape{-1, -1, 4, -1});
}

TEST_CASE("blocks that do not fill the dimensions are refused", "[sdk]") {
  CHECK_FALSE(block_moved_shape(Shape{1, 6, 2, 3}, 2, true).is_ok());
  CHECK_FALSE(block_moved_shape(Shape{1, 2, 4, 5}, 2, false).is_ok());
  CHECK_FALSE(block_moved_shape(Shape{1, 4, 4}, 2, true).is_ok());
  for (const int64_t block : {int64_t{0}, int64_t{-1}, INT64_MIN, INT64_MAX})
    CHECK_FALSE(block_moved_shape(Shape{1, 0, 1, 1}, block, true).is_ok());
  CHECK_FALSE(block_moved_shape(Shape{1, 4, INT64_MAX, 1}, 2, true).is_ok());
}
