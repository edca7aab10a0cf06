#include <catch2/catch.hpp>
#include <tenon/sdk/geometry/broadcast.hpp>

using namespace tenon::sdk;

namespace {

/// -2: they do not broadcast.
int64_t met(int64_t a, int64_t b) {
  int64_t size;
  return broadcast_size(a, b, &size) ? size : -2;
}

}  // namespace

TEST_CASE("sizes that meet are equal, 1, or not known", "[sdk]") {
  for (const int64_t a : {0, 1, 2, 3}) {
    CHECK(met(a, a) == a);
    CHECK(met(a, 1) == a);
    CHECK(met(1, a) == a);
    CHECK(met(a, -1) == (a == 1 ? -1 : a));
    CHECK(met(-1, a) == (a == 1 ? -1 : a));
  }
  CHECK(met(-1, -1) == -1);
  CHECK(met(2, 3) == -2);
  CHECK(met(0, 2) == -2);
}

TEST_CASE("shapes are aligned from the last dimension", "[sdk]") {
  CHECK(broadcast_shape(Shape{2, 1, 3}, Shape{4, 1}).value() == Shape{2, 4, 3});
  CHECK(broadcast_shape(Shape{}, Shape{0, 2}).value() == Shape{0, 2});
  CHECK(broadcast_shape(Shape{3}, Shape{-1, 1}).value() == Shape{-1, 3});
  CHECK_FALSE(broadcast_shape(Shape{2, 3}, Shape{2}).is_ok());
}
