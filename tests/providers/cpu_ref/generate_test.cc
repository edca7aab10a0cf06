// Tensors made from attributes and shapes: how often Bernoulli draws a one, the moments of random numbers, what
// Multinomial draws, and the grids of one image or one pixel.
#include <algorithm>
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

OperatorRun numbers(std::string op, std::vector<host::Attribute> attributes) {
  attributes.push_back(ints_attr("shape", {kDraws}));
  return {std::move(op), 22, {}, std::move(attributes), 1, false, {}};
}

struct Moments {
  double mean = 0, variance = 0, least = 0, greatest = 0;
};

Moments moments_of(const Floats& values) {
  Moments m;
  for (const float v : values) m.mean += double(v) / double(values.size());
  for (const float v : values) m.variance += (double(v) - m.mean) * (double(v) - m.mean) / double(values.size());
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  m.least = *least, m.greatest = *greatest;
  return m;
}

OperatorRun samples(std::vector<float> row, int64_t count, std::vector<host::Attribute> attributes = {}) {
  attributes.push_back(int_attr("sample_size", count));
  const auto classes = static_cast<int64_t>(row.size());
  return {"Multinomial", 22, {make_tensor<float>({1, classes}, row)}, std::move(attributes), 1, false, {}};
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

TEST_CASE("RandomUniform draws evenly between its ends", "[cpu_ref]") {
  const Floats drawn = first_output<float>(numbers("RandomUniform", {float_attr("low", -1), float_attr("high", 3)}));
  const Moments m = moments_of(drawn);
  CHECK(std::abs(m.mean - 1) < 6 * std::sqrt(16.0 / 12 / kDraws));
  CHECK(std::abs(m.variance - 16.0 / 12) < 0.1);
  CHECK((m.least >= -1 && m.greatest <= 3));
  const auto low = std::count_if(drawn.begin(), drawn.end(), [](float v) { return v < 0; });
  CHECK(std::abs(double(low) / kDraws - 0.25) < 6 * std::sqrt(0.25 * 0.75 / kDraws));
}

TEST_CASE("RandomNormal draws with its mean and deviation, a third of it beyond one deviation", "[cpu_ref]") {
  const Floats drawn = first_output<float>(numbers("RandomNormal", {float_attr("mean", 5), float_attr("scale", 2)}));
  const Moments m = moments_of(drawn);
  CHECK(std::abs(m.mean - 5) < 6 * std::sqrt(4.0 / kDraws));
  CHECK(std::abs(m.variance - 4) < 6 * std::sqrt(2 * 16.0 / kDraws));
  const auto far = std::count_if(drawn.begin(), drawn.end(), [](float v) { return std::abs(v - 5) > 2; });
  CHECK(std::abs(double(far) / kDraws - 0.31731) < 6 * std::sqrt(0.32 * 0.68 / kDraws));
}

TEST_CASE("a seed makes random numbers the same again, and no seed something else", "[cpu_ref]") {
  for (const char* op : {"RandomUniform", "RandomNormal"}) {
    const auto seeded = [&](float seed) { return first_output<float>(numbers(op, {float_attr("seed", seed)})); };
    CHECK(seeded(7) == seeded(7));
    CHECK(seeded(7) != seeded(8));
    CHECK(first_output<float>(numbers(op, {})) != first_output<float>(numbers(op, {})));
  }
}

TEST_CASE("random numbers of an input's shape have its type, or the one that is asked for", "[cpu_ref]") {
  for (const char* op : {"RandomUniformLike", "RandomNormalLike"}) {
    const OperatorRun of_floats{op, 22, {make_tensor<float>({2, 3}, Floats(6, 0))}, {}, 1, false, {}};
    CHECK(first_output<float>(of_floats).size() == 6);
    OperatorRun of_integers{op, 22, {make_tensor<int64_t>({2, 3}, std::vector<int64_t>(6, 0))}, {}, 1, false, {}};
    CHECK(error_of(of_integers) != "no error");
    of_integers.attributes = {int_attr("dtype", TN_DOUBLE)};
    CHECK(first_output<double>(of_integers).size() == 6);
  }
}

TEST_CASE("random numbers are refused a shape or ends that are none", "[cpu_ref]") {
  OperatorRun negative{"RandomUniform", 22, {}, {ints_attr("shape", {2, -1})}, 1, false, {}};
  CHECK_THAT(error_of(negative), Contains("-1"));
  CHECK_THAT(error_of(numbers("RandomUniform", {float_attr("high", INFINITY)})), Contains("high is inf"));
  CHECK_THAT(error_of(numbers("RandomNormal", {float_attr("scale", std::nanf(""))})), Contains("scale is nan"));
}

TEST_CASE("Multinomial draws classes as often as their logarithms say", "[cpu_ref]") {
  // Probabilities 1/7, 2/7, none and 4/7, of numbers that overflow where they are not compared first.
  const float unit = std::log(2.0f);
  const auto drawn = first_output<int32_t>(samples({1000, 1000 + unit, -INFINITY, 1000 + 2 * unit}, kDraws));
  for (const auto& [index, p] : std::initializer_list<std::pair<int, double>>{{0, 1.0 / 7}, {1, 2.0 / 7}, {3, 4.0 / 7}})
    CHECK(std::abs(double(std::count(drawn.begin(), drawn.end(), index)) / kDraws - p) <
          6 * std::sqrt(p * (1 - p) / kDraws));
  CHECK(std::count(drawn.begin(), drawn.end(), 2) == 0);
}

TEST_CASE("Multinomial with a seed draws the same again, in the type that is asked for", "[cpu_ref]") {
  const auto seeded = [](float seed) {
    return first_output<int64_t>(samples({0, 0, 0}, 64, {float_attr("seed", seed), int_attr("dtype", TN_INT64)}));
  };
  CHECK(seeded(1) == seeded(1));
  CHECK(seeded(1) != seeded(2));
}

TEST_CASE("Multinomial says what it cannot draw from", "[cpu_ref]") {
  CHECK_THAT(error_of(samples({0, std::nanf("")}, 2)), Contains("class 1 of row 0") && Contains("nan"));
  CHECK_THAT(error_of(samples({-INFINITY}, 2)), Contains("row 0") && Contains("all -inf"));
  CHECK_THAT(error_of(samples({}, 2)), Contains("at least 1 class"));
  CHECK_THAT(error_of(samples({0}, 0)), Contains("sample_size is 0") && Contains("at least 1"));
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

TEST_CASE("kernels that draw say that they give something else each time, unless they have a seed", "[cpu_ref]") {
  for (const char* op : {"RandomUniform", "RandomNormal"})
    for (const bool has_seed : {false, true}) {
      OperatorRun wanted = numbers(op, {});
      if (has_seed) wanted.attributes.push_back(float_attr("seed", 3));
      wanted.validates = true;
      CHECK(run_operator(wanted).status().message() == "");
    }
}
