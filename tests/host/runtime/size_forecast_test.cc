#include "host/runtime/size_forecast.h"

#include <catch2/catch.hpp>
#include <functional>

using namespace tenon::host;

namespace {

// A run of one value whose size follows from the dimensions by `bytes`.
struct Measured {
  ShapeSignature shapes;
  MemoryPlan plan;
};

std::vector<Measured> measure(const std::vector<ShapeSignature>& all,
                              const std::function<uint64_t(ShapeSignature)>& bytes) {
  std::vector<Measured> runs;
  for (const ShapeSignature& shapes : all) {
    runs.push_back({shapes, {}});
    runs.back().plan.places.push_back({0, bytes(shapes), UINT32_MAX});
  }
  return runs;
}

std::optional<std::vector<uint64_t>> forecast(const ShapeSignature& shapes, const std::vector<Measured>& measured) {
  std::vector<MeasuredRun> runs;
  for (const Measured& m : measured) runs.push_back({&m.shapes, &m.plan});
  return forecast_sizes(shapes, runs);
}

using Sizes = std::vector<uint64_t>;

}  // namespace

TEST_CASE("a size that grows with a length is foretold from two runs", "[size_forecast]") {
  const auto bytes = [](const ShapeSignature& s) { return static_cast<uint64_t>(4 * 384 * (s[2] + 1)); };
  const auto runs = measure({{2, 1, 7}, {2, 1, 20}}, bytes);
  CHECK(forecast({2, 1, 31}, runs) == Sizes{bytes({2, 1, 31})});
  CHECK(forecast({2, 1, 3}, runs) == Sizes{bytes({2, 1, 3})});
}

TEST_CASE("a size that grows with the square of a length is foretold from three runs", "[size_forecast]") {
  const auto bytes = [](const ShapeSignature& s) { return static_cast<uint64_t>(48 * s[2] * s[2] + 5 * s[2]); };
  const auto runs = measure({{2, 1, 7}, {2, 1, 20}, {2, 1, 11}}, bytes);
  CHECK(forecast({2, 1, 4000}, runs) == Sizes{bytes({2, 1, 4000})});
}

TEST_CASE("lengths that grow together are one length", "[size_forecast]") {
  // Tokens so far, and one more than that.
  const auto bytes = [](const ShapeSignature& s) { return static_cast<uint64_t>(s[1] * s[3]); };
  const auto runs = measure({{1, 5, 1, 6}, {1, 6, 1, 7}, {1, 9, 1, 10}}, bytes);
  CHECK(forecast({1, 100, 1, 101}, runs) == Sizes{bytes({1, 100, 1, 101})});
}

TEST_CASE("runs of which another length differs tell nothing", "[size_forecast]") {
  const auto runs = measure({{2, 1, 7}, {2, 1, 20}, {2, 1, 11}}, [](const auto&) { return 64; });
  CHECK_FALSE(forecast({2, 2, 9}, runs));
  CHECK_FALSE(forecast({1, 9}, runs));
}

TEST_CASE("one run tells nothing", "[size_forecast]") {
  CHECK_FALSE(forecast({1, 9}, measure({{1, 7}}, [](const auto&) { return 64; })));
}

TEST_CASE("a size that would be negative is none", "[size_forecast]") {
  const auto runs = measure({{1, 1}, {1, 2}}, [](const ShapeSignature& s) { return s[1] == 1 ? 100u : 10u; });
  CHECK(forecast({1, 50}, runs) == Sizes{0});
}

TEST_CASE("dimensions near the end of 64 bits are no harm", "[size_forecast]") {
  const auto runs = measure({{1, 1}, {1, INT64_MAX}, {1, INT64_MAX / 2}}, [](const auto&) { return UINT64_MAX; });
  CHECK(forecast({1, INT64_MAX - 5}, runs).has_value());
}
