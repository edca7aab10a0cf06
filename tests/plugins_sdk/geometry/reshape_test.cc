#include <catch2/catch.hpp>
#include <tenon/sdk/geometry/reshape.hpp>

using namespace tenon::sdk;

TEST_CASE("a Reshape keeps, computes and states dimensions", "[sdk]") {
  const Shape x{2, 3, 4};
  CHECK(reshaped(x, {0, -1}, false).value() == Shape{2, 12});
  CHECK(reshaped(x, {4, 6}, false).value() == Shape{4, 6});
  CHECK(reshaped(x, {-1, 0, 0}, false).value() == Shape{2, 3, 4});
  CHECK(reshaped(Shape{}, {}, false).value().empty());
  CHECK(reshaped(Shape{}, {-1, 1}, false).value() == Shape{1, 1});
  CHECK(reshaped(Shape{0, 3}, {3, 0}, true).value() == Shape{3, 0});
  CHECK(reshaped(Shape{0, 3}, {0, -1, 5}, true).is_ok() == false);
  CHECK(reshaped(Shape{0, 3}, {-1, 3}, false).value() == Shape{0, 3});
}

TEST_CASE("a Reshape refuses what has another number of elements, or none that can be told", "[sdk]") {
  const Shape x{2, 3, 4};
  for (const Shape& wrong : {Shape{25}, Shape{-1, 7}, Shape{-1, -1}, Shape{-2, 12}, Shape{2, 3, 4, 0}, Shape{},
                             Shape{INT64_MAX, INT64_MAX, 4}, Shape{-1, INT64_MAX, INT64_MAX}})
    CHECK_FALSE(reshaped(x, wrong, false).is_ok());
  CHECK_FALSE(reshaped(x, {-1, 0}, true).is_ok());
}
