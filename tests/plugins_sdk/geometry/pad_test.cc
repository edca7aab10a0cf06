#include <catch2/catch.hpp>
#include <tenon/sdk/geometry/pad.hpp>

using namespace tenon::sdk;

TEST_CASE("pads are the begins of the axes, then their ends", "[sdk]") {
  const auto all = pads_by_axis(Shape{1, 2, 3, 4}, nullptr, 2);
  REQUIRE(all.is_ok());
  CHECK((all.value()[0].begin == 1 && all.value()[0].end == 3));
  CHECK((all.value()[1].begin == 2 && all.value()[1].end == 4));
  const Shape last{-1}, twice{0, -2};
  const auto chosen = pads_by_axis(Shape{5, 6}, &last, 2);
  REQUIRE(chosen.is_ok());
  CHECK(chosen.value()[0].keeps_size());
  CHECK((chosen.value()[1].begin == 5 && chosen.value()[1].end == 6));
  CHECK_FALSE(pads_by_axis(Shape{1, 2}, nullptr, 2).is_ok());
  CHECK_FALSE(pads_by_axis(Shape{1, 2, 3, 4}, &twice, 2).is_ok());
}

TEST_CASE("a padded axis has a size of 64 bits, from 0 on", "[sdk]") {
  CHECK(padded_size(3, {1, 2}).value() == 6);
  CHECK(padded_size(3, {-1, -2}).value() == 0);
  CHECK(padded_size(-1, {1, 2}).value() == -1);
  CHECK(padded_size(3, {-2, 2}).value() == 3);
  CHECK_FALSE(padded_size(3, {-4, 0}).is_ok());
  CHECK_FALSE(padded_size(3, {INT64_MAX, 0}).is_ok());
  CHECK_FALSE(padded_size(3, {INT64_MAX, INT64_MAX}).is_ok());
  CHECK_FALSE(padded_size(3, {INT64_MIN, INT64_MIN}).is_ok());
}

TEST_CASE("Tile repeats every dimension 0 times or more", "[sdk]") {
  CHECK(tiled_shape(Shape{2, 3}, Shape{3, 0}).value() == Shape{6, 0});
  CHECK(tiled_shape(Shape{-1, 3}, Shape{2, 1}).value() == Shape{-1, 3});
  CHECK_FALSE(tiled_shape(Shape{2, 3}, Shape{3}).is_ok());
  CHECK_FALSE(tiled_shape(Shape{2}, Shape{-1}).is_ok());
  CHECK_FALSE(tiled_shape(Shape{3}, Shape{INT64_MAX}).is_ok());
}

TEST_CASE("Expand broadcasts both ways", "[sdk]") {
  CHECK(expanded_shape(Shape{3, 1}, Shape{2, 1, 4}).value() == Shape{2, 3, 4});
  CHECK(expanded_shape(Shape{3}, Shape{1}).value() == Shape{3});
  CHECK(expanded_shape(Shape{1}, Shape{0}).value() == Shape{0});
  CHECK_FALSE(expanded_shape(Shape{3}, Shape{2}).is_ok());
  CHECK_FALSE(expanded_shape(Shape{3}, Shape{-1}).is_ok());
}
