#include <catch2/catch.hpp>
#include <tenon/sdk/geometry/reduce.hpp>

using namespace tenon::sdk;
using Flags = std::vector<bool>;

TEST_CASE("no axes fold all, or none where that is asked for", "[sdk]") {
  CHECK(reduced_axes(Shape{}, false, 2).value() == Flags{true, true});
  CHECK(reduced_axes(Shape{}, true, 2).value() == Flags{false, false});
  CHECK(reduced_axes(Shape{-1}, false, 2).value() == Flags{false, true});
  CHECK(reduced_axes(Shape{-1}, true, 2).value() == Flags{false, true});
}

TEST_CASE("an axis folds once and must be there", "[sdk]") {
  CHECK_FALSE(reduced_axes(Shape{0, -2}, false, 2).is_ok());
  CHECK_FALSE(reduced_axes(Shape{2}, false, 2).is_ok());
  CHECK_FALSE(reduced_axes(Shape{INT64_MIN}, false, 2).is_ok());
}

TEST_CASE("ArgMax folds an axis that is there, which a scalar has none of", "[sdk]") {
  for (const int64_t axis : {-1, 0, 7}) CHECK_FALSE(picked_axis(axis, 0).is_ok());
  CHECK(picked_axis(-1, 2).value() == Flags{false, true});
  CHECK_FALSE(picked_axis(2, 2).is_ok());
}

TEST_CASE("folded axes leave a 1 or nothing", "[sdk]") {
  const Shape shape{2, 3, 5};
  CHECK(reduced_shape(shape, {false, true, false}, true, int64_t{1}) == Shape{2, 1, 5});
  CHECK(reduced_shape(shape, {false, true, false}, false, int64_t{1}) == Shape{2, 5});
  CHECK(reduced_shape(shape, {true, true, true}, false, int64_t{1}).empty());
}
