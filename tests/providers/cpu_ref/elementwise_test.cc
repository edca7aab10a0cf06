#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "tests/support/run_operator.h"

using namespace tenon;
using namespace tenon::test;
using Catch::Contains;
using Floats = std::vector<float>;
using Ints = std::vector<int32_t>;

namespace {

const float kNaN = std::numeric_limits<float>::quiet_NaN();

host::Tensor six() {
  return make_tensor<float>({2, 3}, Floats{1, 2, 3, 4, 5, 6});
}

}  // namespace

TEST_CASE("Add before opset 7 places B at the axis", "[cpu_ref]") {
  const auto b = make_tensor<float>({2}, Floats{10, 20});
  CHECK(first_output<float>({"Add", 6, {six(), b}, {int_attr("broadcast", 1), int_attr("axis", 0)}}) ==
        Floats{11, 12, 13, 24, 25, 26});
}

TEST_CASE("Add before opset 7 matches trailing dimensions without an axis", "[cpu_ref]") {
  const auto b = make_tensor<float>({3}, Floats{10, 20, 30});
  CHECK(first_output<float>({"Add", 6, {six(), b}, {int_attr("broadcast", 1)}}) == Floats{11, 22, 33, 14, 25, 36});
}

TEST_CASE("Add before opset 7 without broadcast refuses differing shapes", "[cpu_ref]") {
  const auto outputs = run_operator({"Add", 6, {six(), make_tensor<float>({3}, Floats{1, 2, 3})}});
  REQUIRE_FALSE(outputs.is_ok());
}

TEST_CASE("operators of many inputs broadcast only since opset 8", "[cpu_ref]") {
  const auto row = make_tensor<float>({3}, Floats{10, 20, 30});
  for (const char* op : {"Max", "Mean", "Min", "Sum"})
    for (const bool hidden : {false, true}) {
      CHECK(run_operator({op, 8, {six(), row}, {}, 1, hidden}).is_ok());
      CHECK_FALSE(run_operator({op, 6, {six(), row}, {}, 1, hidden}).is_ok());
    }
  CHECK_FALSE(run_operator({"Sum", 6, {six(), row}, {}, 1, true}, "cpu_blas").is_ok());
}

TEST_CASE("inputs that meet in both directions broadcast", "[cpu_ref]") {
  const auto column = make_tensor<float>({2, 1}, Floats{10, 20});
  const auto row = make_tensor<float>({1, 3}, Floats{1, 2, 3});
  CHECK(first_output<float>({"Sub", 14, {column, row}}) == Floats{9, 8, 7, 19, 18, 17});
}

TEST_CASE("broadcasting to a dimension of size 0 gives no elements", "[cpu_ref]") {
  const auto none = make_tensor<float>({0, 3}, Floats{});
  CHECK(first_output<float>({"Mul", 14, {none, make_tensor<float>({3}, Floats{1, 2, 3})}}).empty());
}

TEST_CASE("integer division truncates and survives overflow", "[cpu_ref]") {
  const int32_t least = std::numeric_limits<int32_t>::min();
  const auto a = make_tensor<int32_t>({3}, Ints{-7, 7, least});
  const auto b = make_tensor<int32_t>({3}, Ints{2, -2, -1});
  CHECK(first_output<int32_t>({"Div", 14, {a, b}}) == Ints{-3, -3, least});
}

TEST_CASE("Mod takes floored remainders of floating point only since opset 28", "[cpu_ref]") {
  const auto a = make_tensor<float>({1}, Floats{-7}), b = make_tensor<float>({1}, Floats{4});
  CHECK(first_output<float>({"Mod", 28, {a, b}}) == Floats{1});
  CHECK(first_output<float>({"Mod", 13, {a, b}, {int_attr("fmod", 1)}}) == Floats{-3});
  CHECK_FALSE(run_operator({"Mod", 13, {a, b}}).is_ok());
}

TEST_CASE("a division of integers by zero says where the zero is", "[cpu_ref]") {
  const auto a = make_tensor<int32_t>({2, 2}, Ints{1, 2, 3, 4});
  const auto b = make_tensor<int32_t>({2}, Ints{1, 0});
  const std::vector<OperatorRun> divisions = {
      {"Div", 14, {a, b}}, {"Mod", 13, {a, b}}, {"Mod", 13, {a, b}, {int_attr("fmod", 1)}}};
  for (const OperatorRun& division : divisions) {
    const auto outputs = run_operator(division);
    REQUIRE_FALSE(outputs.is_ok());
    CHECK_THAT(outputs.status().message(), Catch::Contains("out0_node") && Catch::Contains("holds 0 at position 1"));
  }
  CHECK(first_output<int32_t>({"Div", 14, {make_tensor<int32_t>({0, 2}, Ints{}), b}}).empty());
  CHECK(std::isinf(first_output<float>({"Div", 14, {make_tensor<float>({1}, {1}), make_tensor<float>({1}, {0})}})[0]));
}

TEST_CASE("Mod takes the sign of the divisor, with fmod that of the dividend", "[cpu_ref]") {
  const auto a = make_tensor<int32_t>({3}, Ints{-7, 7, std::numeric_limits<int32_t>::min()});
  const auto b = make_tensor<int32_t>({3}, Ints{3, -3, -1});
  CHECK(first_output<int32_t>({"Mod", 13, {a, b}}) == Ints{2, -2, 0});
  CHECK(first_output<int32_t>({"Mod", 13, {a, b}, {int_attr("fmod", 1)}}) == Ints{-1, 1, 0});
}

TEST_CASE("Pow of integers to negative integers truncates", "[cpu_ref]") {
  const auto base = make_tensor<int32_t>({5}, Ints{2, 1, -1, -1, 0});
  const auto exponent = make_tensor<int64_t>({5}, std::vector<int64_t>{-1, -5, -3, -2, -1});
  CHECK(first_output<int32_t>({"Pow", 15, {base, exponent}}) == Ints{0, 1, -1, 1, 0});
}

TEST_CASE("Pow takes unsigned exponents beyond the largest int64 as what they are", "[cpu_ref]") {
  host::Tensor exponent = *host::Tensor::allocate(TN_UINT64, {1}, host::Residence::kComputed);
  *static_cast<uint64_t*>(exponent.mutable_data()) = uint64_t{1} << 63 | 1;
  CHECK(first_output<float>({"Pow", 15, {make_tensor<float>({1}, Floats{0.5f}), exponent}}) == Floats{0});
  CHECK(first_output<int32_t>({"Pow", 15, {make_tensor<int32_t>({1}, Ints{3}), exponent}})[0] == 3);
}

TEST_CASE("Max and Min pass NaN on from either side", "[cpu_ref]") {
  const auto a = make_tensor<float>({3}, Floats{kNaN, 1, 2});
  const auto b = make_tensor<float>({3}, Floats{0, kNaN, 3});
  for (const char* op : {"Max", "Min"}) {
    const Floats y = first_output<float>({op, 13, {a, b}});
    CHECK(std::isnan(y[0]));
    CHECK(std::isnan(y[1]));
    CHECK_FALSE(std::isnan(y[2]));
  }
}

TEST_CASE("Clip before opset 11 reads its bounds from attributes, each optional", "[cpu_ref]") {
  CHECK(first_output<float>({"Clip", 6, {six()}, {float_attr("min", 2), float_attr("max", 4)}}) ==
        Floats{2, 2, 3, 4, 4, 4});
  CHECK(first_output<float>({"Clip", 6, {six()}, {float_attr("max", 2.5f)}}) == Floats{1, 2, 2.5f, 2.5f, 2.5f, 2.5f});
}

TEST_CASE("Clip takes a bound that is left out as none", "[cpu_ref]") {
  CHECK(first_output<float>({"Clip", 13, {six(), {}, make_tensor<float>({}, Floats{3})}}) == Floats{1, 2, 3, 3, 3, 3});
}

TEST_CASE("PRelu before opset 7 has a slope per channel", "[cpu_ref]") {
  const auto x = make_tensor<float>({1, 2, 2}, Floats{-1, -1, -1, 1});
  const auto slope = make_tensor<float>({2}, Floats{0.5f, 2});
  CHECK(first_output<float>({"PRelu", 6, {x, slope}}) == Floats{-0.5f, -0.5f, -2, 1});
}

TEST_CASE("Equal compares strings by their bytes", "[cpu_ref]") {
  const auto a = tensor_of_strings({2}, {"one", "two"});
  const auto b = tensor_of_strings({1}, {"two"});
  CHECK(first_output<bool>({"Equal", 19, {a, b}}) == std::vector<bool>{false, true});
}

TEST_CASE("Where selects strings", "[cpu_ref]") {
  const auto condition = make_tensor<bool>({2}, std::vector<bool>{true, false});
  const auto outputs =
      run_operator({"Where", 16, {condition, tensor_of_strings({2}, {"a", "b"}), tensor_of_strings({1}, {"c"})}});
  REQUIRE(outputs.is_ok());
  CHECK(outputs->front().string_at(0) == "a");
  CHECK(outputs->front().string_at(1) == "c");
}

TEST_CASE("Selu before opset 6 has shorter defaults", "[cpu_ref]") {
  const auto x = make_tensor<float>({1}, Floats{1});
  CHECK(first_output<float>({"Selu", 5, {x}}) == Floats{1.0507f});
  CHECK(first_output<float>({"Selu", 6, {x}}) == Floats{1.05070102f});
}

TEST_CASE("Tanh, Sigmoid and Gelus of floats are what double gives, rounded once", "[cpu_ref]") {
  Floats x{0, 1e-30f, 1e-6f, 0.01f, 9, 20, 89, 800, INFINITY};
  for (float v = 0.003f; v < 8; v += 0.0173f) x.push_back(v);
  for (size_t i = x.size(); i-- > 0;) x.push_back(-x[i]);
  const auto tensor = make_tensor<float>({static_cast<int64_t>(x.size())}, x);
  const auto check = [&](const OperatorRun& run, double (*expected)(double)) {
    CAPTURE(run.op);
    const Floats y = first_output<float>(run);
    for (size_t i = 0; i < x.size(); ++i) {
      const double exact = expected(x[i]);
      const float rounded = float(exact);
      CAPTURE(x[i], exact);
      if (std::isnan(exact)) CHECK(std::isnan(y[i]));
      if (std::isinf(exact)) CHECK(y[i] == rounded);
      // Half a unit in the last place, and a little where double is not exact, either.
      const double unit = std::nextafter(std::abs(rounded), INFINITY) - std::abs(rounded);
      if (std::isfinite(exact)) CHECK(std::abs(y[i] - exact) <= 0.52 * unit);
    }
  };
  check({"Tanh", 13, {tensor}}, [](double v) { return std::tanh(v); });
  check({"Sigmoid", 13, {tensor}},
        [](double v) { return v < 0 ? std::exp(v) / (1 + std::exp(v)) : 1 / (1 + std::exp(-v)); });
  check({"com.microsoft:BiasGelu", 1, {tensor, make_tensor<float>({int64_t(x.size())}, Floats(x.size(), 0))}},
        [](double v) { return v / 2 * std::erfc(-v * 0.7071067811865476); });
  CHECK(std::isnan(first_output<float>({"Tanh", 13, {make_tensor<float>({1}, Floats{kNaN})}})[0]));
  CHECK(std::signbit(first_output<float>({"Tanh", 13, {make_tensor<float>({1}, Floats{-0.0f})}})[0]));
}

TEST_CASE("Max and Sum of rows that are longer than a block take every input", "[cpu_ref]") {
  Floats x, largest, sum;
  for (int i = 0; i < 600; ++i) {
    x.push_back(float(i % 17));
    largest.push_back(std::max(x.back(), 5.0f));
    sum.push_back(2 * x.back() + 5);
  }
  const auto row = make_tensor<float>({600}, x), number = make_tensor<float>({1}, Floats{5});
  CHECK(first_output<float>({"Max", 13, {row, number, row}}) == largest);
  CHECK(first_output<float>({"Sum", 13, {row, number, row}}) == sum);
}
