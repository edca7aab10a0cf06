#include <catch2/catch.hpp>
#include <tenon/sdk/geometry/slice.hpp>
#include <vector>

using namespace tenon::sdk;

namespace {

/// By the text of the operator, step by step.
std::vector<int64_t> by_the_text(int64_t size, int64_t start, int64_t end, int64_t step) {
  const auto clamped = [](int64_t v, int64_t low, int64_t high) { return v < low ? low : v > high ? high : v; };
  if (start < 0) start += size;
  if (end < 0) end += size;
  start = step > 0 ? clamped(start, 0, size) : clamped(start, 0, size - 1);
  end = step > 0 ? clamped(end, 0, size) : clamped(end, -1, size - 1);
  std::vector<int64_t> taken;
  for (int64_t i = start; step > 0 ? i < end : i > end; i += step) taken.push_back(i);
  return taken;
}

std::vector<int64_t> taken(const SliceAxis& slice) {
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < slice.count; ++i) indices.push_back(slice.start + i * slice.step);
  return indices;
}

}  // namespace

TEST_CASE("a slice takes what the text of the operator says, whatever the bounds", "[sdk]") {
  for (int64_t size = 1; size <= 5; ++size)
    for (int64_t start = -8; start <= 8; ++start)
      for (int64_t end = -8; end <= 8; ++end)
        for (const int64_t step : {-7, -3, -2, -1, 1, 2, 3, 7}) {
          INFO(size << " elements, " << start << " to " << end << " by " << step);
          CHECK(taken(slice_axis(size, start, end, step)) == by_the_text(size, start, end, step));
        }
}

TEST_CASE("a slice from before the first element backwards takes the first", "[sdk]") {
  CHECK(taken(slice_axis(3, -5, -9, -1)) == std::vector<int64_t>{0});
}

TEST_CASE("a slice of extreme bounds and steps does not overflow", "[sdk]") {
  CHECK(taken(slice_axis(4, INT64_MAX, INT64_MIN, -1)) == std::vector<int64_t>{3, 2, 1, 0});
  CHECK(taken(slice_axis(4, INT64_MIN, INT64_MAX, 1)) == std::vector<int64_t>{0, 1, 2, 3});
  CHECK(taken(slice_axis(4, INT64_MAX, INT64_MIN, INT64_MIN)) == std::vector<int64_t>{3});
  CHECK(taken(slice_axis(4, 0, INT64_MAX, INT64_MAX)) == std::vector<int64_t>{0});
  CHECK(slice_axis(INT64_MAX, 0, INT64_MAX, 1).count == INT64_MAX);
  CHECK(slice_axis(INT64_MAX, -1, INT64_MIN, -1).count == INT64_MAX);
  CHECK(slice_axis(0, 0, INT64_MAX, 1).count == 0);
  CHECK(slice_axis(0, -1, INT64_MIN, -1).count == 0);
}
