// Accuracy of cpu_blas's vector functions against the C library in double, in units in the last place.
#include <cmath>
#include <limits>

#include "tests/providers/cpu_blas/on_cpu_blas.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<float> run_unary(const std::string& op, const std::vector<float>& x, const std::string& isa = "") {
  const std::vector<int64_t> shape{static_cast<int64_t>(x.size())};
  GraphBuilder b;
  b.input("x", TN_FLOAT, shape);
  b.node(op, {"x"}, {"y"});
  b.output("y");
  return run_floats(*open_on_cpu_blas(b, 1, isa), {x}, {shape});
}

/// Distance of `actual` from `exact` in spacings of floats at `exact`, but not below the smallest normal's.
double ulps(float actual, double exact) {
  if (float(exact) == actual) return 0;
  const float near = std::max(std::abs(float(exact)), std::numeric_limits<float>::min());
  return std::abs(actual - exact) / (double(std::nextafter(near, kInfinity)) - near);
}

/// The worst error of `op` over 40 001 points of [-limit, limit] and as many near 0.
double worst_ulps(const std::string& op, double (*exact)(double), float limit, const std::string& isa = "") {
  std::vector<float> x;
  for (int i = -20000; i <= 20000; ++i) x.push_back(limit * float(i) / 20000);
  for (int i = -20000; i <= 20000; ++i) x.push_back(std::copysign(std::exp2(-float(std::abs(i)) / 500), float(i)));
  const std::vector<float> y = run_unary(op, x, isa);
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i) worst = std::max(worst, ulps(y[i], exact(x[i])));
  return worst;
}

}  // namespace

TEST_CASE("Erf, Exp, Tanh and Sigmoid are within 4 units in the last place", "[cpu_blas]") {
  CHECK(worst_ulps(
            "Erf", [](double x) { return std::erf(x); }, 6) <= 4);
  CHECK(worst_ulps(
            "Exp", [](double x) { return std::exp(x); }, 88) <= 2);
  CHECK(worst_ulps(
            "Tanh", [](double x) { return std::tanh(x); }, 12) <= 4);
  for (const std::string& isa : instruction_sets())
    CHECK(worst_ulps(
              "Sigmoid", [](double x) { return 1 / (1 + std::exp(-x)); }, 87, isa) <= 4);
}

TEST_CASE("Gelu by tanh and HardSwish are off by no more than the rounding of their terms", "[cpu_blas]") {
  std::vector<float> x;
  for (int i = -20000; i <= 20000; ++i) x.push_back(float(i) / 2000);
  const auto run = [&](const std::string& op, std::vector<Attribute> attributes) {
    const std::vector<int64_t> shape{static_cast<int64_t>(x.size())};
    GraphBuilder b(20);
    b.input("x", TN_FLOAT, shape);
    b.node(op, {"x"}, {"y"}, std::move(attributes));
    b.output("y");
    return run_floats(*open_on_cpu_blas(b), {x}, {shape});
  };
  const auto gelu = run("Gelu", {string_attr("approximate", "tanh")}), swish = run("HardSwish", {});
  double worst_gelu = 0, worst_swish = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double v = x[i], scale = 1.1920929e-7 * std::max(1.0, std::abs(v));
    const double exact = v / 2 * (1 + std::tanh(0.7978845608028654 * (v + 0.044715 * v * v * v)));
    worst_gelu = std::max(worst_gelu, std::abs(gelu[i] - exact) / scale);
    const double line = std::min(1.0, std::max(0.0, v / 6 + 0.5));
    worst_swish = std::max(worst_swish, std::abs(swish[i] - v * line) / scale);
  }
  CHECK(worst_gelu < 4);
  CHECK(worst_swish < 2);
}

TEST_CASE("the vector functions take infinities and keep NaN", "[cpu_blas]") {
  const std::vector<float> x{-kInfinity, kInfinity, 1000, -1000};
  CHECK(run_unary("Erf", x) == std::vector<float>{-1, 1, 1, -1});
  CHECK(run_unary("Exp", x) == std::vector<float>{0, kInfinity, kInfinity, 0});
  CHECK(run_unary("Tanh", x) == std::vector<float>{-1, 1, 1, -1});
  for (const std::string& isa : instruction_sets()) {
    CHECK(run_unary("Sigmoid", x, isa) == std::vector<float>{0, 1, 1, 0});
    CHECK(std::isnan(run_unary("Sigmoid", {NAN}, isa)[0]));
  }
  for (const char* op : {"Erf", "Exp", "Tanh", "Sigmoid", "Relu", "Sqrt"})
    for (const float y : run_unary(op, std::vector<float>(37, NAN))) CHECK(std::isnan(y));
}

TEST_CASE("broadcasting adds along any mix of dimensions", "[cpu_blas]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2, 1, 3});
  b.input("z", TN_FLOAT, {2, 1});
  b.node("Sub", {"x", "z"}, {"y"});
  b.output("y");
  CHECK(run_floats(*open_on_cpu_blas(b), {{1, 2, 3, 4, 5, 6}, {10, 20}}, {{2, 1, 3}, {2, 1}}) ==
        std::vector<float>{-9, -8, -7, -19, -18, -17, -6, -5, -4, -16, -15, -14});
}

TEST_CASE("Softmax along an inner axis sums to one along it", "[cpu_blas]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2, 5, 3});
  b.node("Softmax", {"x"}, {"y"}, {int_attr("axis", 1)});
  b.output("y");
  const auto y = run_floats(*open_on_cpu_blas(b), {noise(30, 1)}, {{2, 5, 3}});
  for (size_t outer = 0; outer < 2; ++outer)
    for (size_t inner = 0; inner < 3; ++inner) {
      double sum = 0;
      for (size_t i = 0; i < 5; ++i) sum += y[outer * 15 + i * 3 + inner];
      CHECK(sum == Approx(1).epsilon(1e-6));
    }
}
