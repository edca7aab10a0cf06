// Tensors made from attributes and shapes: how often Bernoulli draws a one, and the grids of one image or one pixel.
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "tests/support/run_operator.h"

using Catch::Matchers::Contains;
using namespace tenon;
using namespace tenon::test;
using Floats = std::vector<float>;

namespace {

constexpr int64_t kDraws = 20000;

OperatorRun draws(float probability, std::vector<host::Attribute> attributes) {
  return {
      "Bernoulli", 15, {make_tensor<float>({kDraws}, Floats(size_t(kDraws), probability))}, std::move(attributes), 1,
      false,       {}};
}

OperatorRun grid(std::vector<int64_t> size, int64_t align_corners, int64_t count = 1) {
  Floats matrices;
  for (int64_t n = 0; n < count; ++n) matrices.insert(matrices.end(), {2, 0, 10, 0, 3, 20});
  return {
      "AffineGrid",
      20,
      {make_tensor<float>({count, 2, 3}, matrices), make_tensor<int64_t>({static_cast<int64_t>(size.size())}, size)},
      {int_attr("align_corners", align_corners)},
      1,
      true,
      {}};
}

std::string error_of(const OperatorRun& run) {
  const auto outputs = run_operator(run);
  return outputs.is_ok() ? "no error" : outputs.status().message();
}

}  // namespace

TEST_CASE("Bernoulli draws ones as often as it is told", "[cpu_ref]") {
  for (const float p : {0.05f, 0.5f, 0.9f}) {
    const Floats drawn = first_output<float>(draws(p, {}));
    const double ones = std::accumulate(drawn.begin(), drawn.end(), 0.0);
    // Six deviations of the mean: one run of 500 million is beyond.
    CHECK(std::abs(ones / kDraws - p) < 6 * std::sqrt(p * (1 - p) / kDraws));
    CHECK(std::count(drawn.begin(), drawn.end(), 0.0f) == kDraws - ones);
  }
  CHECK(first_output<float>(draws(0, {})) == Floats(size_t(kDraws), 0));
  CHECK(first_output<float>(draws(1, {})) == Floats(size_t(kDraws), 1));
}

TEST_CASE("neighbours that Bernoulli draws do not depend on each other", "[cpu_ref]") {
  const Floats drawn = first_output<float>(draws(0.5f, {}));
  int64_t alike = 0;
  for (size_t i = 1; i < drawn.size(); ++i) alike += drawn[i] == drawn[i - 1];
  CHECK(std::abs(double(alike) / (kDraws - 1) - 0.5) < 6 * std::sqrt(0.25 / kDraws));
}

TEST_CASE("a seed makes Bernoulli draw the same again, and no seed something else", "[cpu_ref]") {
  const auto seeded = [](float seed) { return first_output<float>(draws(0.5f, {float_attr("seed", seed)})); };
  CHECK(seeded(7) == seeded(7));
  CHECK(seeded(7) != seeded(8));
  CHECK(first_output<float>(draws(0.5f, {})) != first_output<float>(draws(0.5f, {})));
}

TEST_CASE("Bernoulli writes the type that it is asked for, and takes nothing but probabilities", "[cpu_ref]") {
  const auto flags = first_output<bool>(draws(1, {int_attr("dtype", TN_BOOL)}));
  CHECK(flags == std::vector<bool>(size_t(kDraws), true));
  CHECK_THAT(error_of(draws(1.5f, {})), Contains("element 0 of the input is 1.5") && Contains("0 to 1"));
  CHECK_THAT(error_of(draws(std::nanf(""), {})), Contains("0 to 1"));
}

TEST_CASE("AffineGrid of one image, one row or one column has the shape that is asked for", "[cpu_ref]") {
  CHECK(first_output<float>(grid({1, 1, 1, 2}, 0)) == Floats{9, 20, 11, 20});
  CHECK(first_output<float>(grid({1, 1, 2, 1}, 1)) == Floats{10, 17, 10, 23});
  CHECK(first_output<float>(grid({2, 1, 1, 1}, 1, 2)) == Floats{10, 20, 10, 20});
  CHECK(first_output<float>(grid({1, 1, 0, 3}, 0)).empty());
}

TEST_CASE("AffineGrid says which of its inputs do not fit", "[cpu_ref]") {
  CHECK_THAT(error_of(grid({2, 1, 1, 1}, 0)), Contains("asks for 2 grids") && Contains("has 1 matrices"));
  CHECK_THAT(error_of(grid({1, 1, 1}, 0)), Contains("holds 3 numbers"));
  CHECK_THAT(error_of(grid({1, 1, 1, 1, 1}, 0)), Contains("expected N x 3 x 4"));
  CHECK_THAT(error_of(grid({1, 1, -1, 1}, 0)), Contains("holds -1"));
}
