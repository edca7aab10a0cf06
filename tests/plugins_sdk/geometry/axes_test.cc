#include <catch2/catch.hpp>
#include <tenon/sdk/geometry/axes.hpp>
#include <tenon/sdk/geometry/lanes.hpp>

using namespace tenon::sdk;
using Flags = std::vector<bool>;
using Indices = std::vector<size_t>;

TEST_CASE("an axis counts from either end and no further", "[sdk]") {
  for (const size_t rank : {1, 2, 5}) {
    const auto count = static_cast<int64_t>(rank);
    for (int64_t axis = -count; axis < count; ++axis)
      CHECK(axis_index(axis, rank).value() == static_cast<size_t>(axis < 0 ? axis + count : axis));
    for (const int64_t axis : {-count - 1, count, INT64_MIN, INT64_MAX}) CHECK_FALSE(axis_index(axis, rank).is_ok());
    CHECK(split_index(count, rank).value() == rank);
    CHECK_FALSE(split_index(count + 1, rank).is_ok());
  }
  CHECK_FALSE(axis_index(0, 0).is_ok());
  CHECK(split_index(0, 0).value() == 0);
}

TEST_CASE("axes of a list differ, however they count", "[sdk]") {
  CHECK(distinct_axes(Shape{2, -3}, 3).value() == Indices{2, 0});
  CHECK_FALSE(distinct_axes(Shape{2, -1}, 3).is_ok());
  CHECK(distinct_axes(Shape{}, 3).value().empty());
}

TEST_CASE("a permutation names every axis once, from the front", "[sdk]") {
  const auto permuted = [](Shape perm) { return permuted_axes(&perm, 3); };
  CHECK(permuted_axes(nullptr, 3).value() == Indices{2, 1, 0});
  CHECK(permuted({1, 2, 0}).value() == Indices{1, 2, 0});
  for (const Shape& wrong : {Shape{0, 1}, Shape{0, 1, 1}, Shape{0, 1, -1}, Shape{0, 1, 3}, Shape{0, 1, 2, 3}, Shape{}})
    CHECK_FALSE(permuted(wrong).is_ok());
  const Shape none;
  CHECK(permuted_axes(&none, 0).value().empty());
}

TEST_CASE("an empty list of axes drops none, no list all of size 1", "[sdk]") {
  const Shape shape{1, 3, 1}, none, last{-1}, middle{1}, unknown{-1, 3, -1};
  CHECK(dropped_axes(shape, nullptr).value() == Flags{true, false, true});
  CHECK(dropped_axes(shape, &none).value() == Flags{false, false, false});
  CHECK(dropped_axes(shape, &last).value() == Flags{false, false, true});
  CHECK(dropped_axes(unknown, &last).value() == Flags{false, false, true});
  CHECK_FALSE(dropped_axes(shape, &middle).is_ok());
}

TEST_CASE("inserted axes count in the result", "[sdk]") {
  CHECK(inserted_axes(Shape{0, -1}, 1).value() == Flags{true, false, true});
  CHECK_FALSE(inserted_axes(Shape{3}, 2).is_ok());
  CHECK_FALSE(inserted_axes(Shape{0, -3}, 1).is_ok());
}

TEST_CASE("lanes begin at an axis that is there, which a scalar has none of", "[sdk]") {
  for (const bool flattens : {false, true})
    for (const int64_t axis : {-1, 0, 1, 7}) CHECK_FALSE(Lanes::of_softmax({}, axis, flattens).is_ok());
  const Lanes along = Lanes::of_softmax(Shape{2, 3, 5}, 1, false).value();
  CHECK((along.outer == 2 && along.length == 3 && along.inner == 5));
  const Lanes from = Lanes::of_softmax(Shape{2, 3, 5}, 1, true).value();
  CHECK((from.outer == 2 && from.length == 15 && from.inner == 1));
  CHECK_FALSE(Lanes::of_softmax(Shape{2, 3}, 2, true).is_ok());
  CHECK_FALSE(Lanes::of_softmax(Shape{2, 3}, 2, false).is_ok());
  CHECK_FALSE(Lanes::of_softmax(Shape{0, 3}, 2, false).is_ok());
  CHECK_FALSE(Lanes::along(Shape{INT64_MAX, INT64_MAX, 2}, 2).is_ok());
}

TEST_CASE("Flatten counts its axis from the end only since opset 11", "[sdk]") {
  CHECK(flatten_index(3, 3, 1).value() == 3);
  CHECK(flatten_index(-1, 3, 11).value() == 2);
  for (const int version : {1, 9}) CHECK_FALSE(flatten_index(-1, 3, version).is_ok());
}

TEST_CASE("Shape lists what lies between bounds that count from either end", "[sdk]") {
  const auto listed = [](int64_t start, int64_t end) { return listed_dimensions(start, end, 3); };
  using Range = std::pair<size_t, size_t>;
  CHECK(listed(0, INT64_MAX) == Range{0, 3});
  CHECK(listed(-2, -1) == Range{1, 2});
  CHECK(listed(INT64_MIN, 1) == Range{0, 1});
  CHECK(listed(2, 1) == Range{2, 2});
  CHECK(listed_dimensions(0, INT64_MAX, 0) == Range{0, 0});
}
