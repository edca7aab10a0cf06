#include <catch2/catch.hpp>
#include <string>
#include <tenon/sdk/geometry/join.hpp>

using namespace tenon::sdk;

TEST_CASE("joined shapes differ along one axis, on which they add up", "[sdk]") {
  Shape shape{2, 3};
  REQUIRE(join_shape(&shape, Shape{2, 4}, 1, 1).is_ok());
  CHECK(shape == Shape{2, 7});
  CHECK_FALSE(join_shape(&shape, Shape{3, 4}, 1, 2).is_ok());
  CHECK_FALSE(join_shape(&shape, Shape{2}, 1, 2).is_ok());
  Shape unknown{-1, 3};
  REQUIRE(join_shape(&unknown, Shape{2, -1}, 1, 1).is_ok());
  CHECK(unknown == Shape{2, -1});
  REQUIRE(join_shape(&unknown, Shape{2, 5}, 1, 2).is_ok());
  CHECK(unknown == Shape{2, -1});
  Shape large{INT64_MAX};
  CHECK_FALSE(join_shape(&large, Shape{1}, 0, 1).is_ok());
}

TEST_CASE("gathered dimensions stand in the place of the axis, whatever they are", "[sdk]") {
  CHECK(gathered_shape(Shape{2, 3, 5}, Shape{7, 0}, -2).value() == Shape{2, 7, 0, 5});
  CHECK(gathered_shape(Shape{2, 3}, Shape{}, 0).value() == Shape{3});
  using Names = std::vector<std::string>;
  CHECK(gathered_shape(Names{"n", "c"}, Names{"i"}, 1).value() == Names{"n", "i"});
  CHECK_FALSE(gathered_shape(Shape{2, 3}, Shape{1}, 2).is_ok());
  CHECK_FALSE(gathered_shape(Shape{}, Shape{1}, 0).is_ok());
}

TEST_CASE("tuples of indices pick axes of the data behind the batch", "[sdk]") {
  CHECK(gathered_tuples_shape(Shape{2, 3, 5}, Shape{7, 2}, 2, 0).value() == Shape{7, 5});
  CHECK(gathered_tuples_shape(Shape{2, 3, 5}, Shape{2, 1}, 1, 1).value() == Shape{2, 5});
  CHECK(gathered_tuples_shape(Shape{2, 3}, Shape{4, 0}, 0, 0).value() == Shape{4, 2, 3});
  CHECK_FALSE(gathered_tuples_shape(Shape{2, 3}, Shape{7, 3}, 3, 0).is_ok());
  CHECK_FALSE(gathered_tuples_shape(Shape{2, 3}, Shape{2, 2}, 2, 1).is_ok());
  CHECK_FALSE(gathered_tuples_shape(Shape{2, 3}, Shape{2}, 1, 1).is_ok());
  CHECK_FALSE(gathered_tuples_shape(Shape{2, 3}, Shape{2, 1}, 1, -1).is_ok());
  CHECK_FALSE(gathered_tuples_shape(Shape{2, 3}, Shape{}, 0, 0).is_ok());
  CHECK_FALSE(gathered_tuples_shape(Shape{2, 3}, Shape{2, 1}, 1, INT64_MAX).is_ok());
}
