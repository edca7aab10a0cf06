#include <catch2/catch.hpp>

#include "tests/support/run_operator.h"

using namespace tenon;
using namespace tenon::test;
using Floats = std::vector<float>;
using Catch::Contains;

namespace {

host::Tensor matrix() {
  return make_tensor<float>({2, 2}, Floats{1, 2, 3, 4});
}

}  // namespace

TEST_CASE("MatMul of two vectors is a scalar", "[cpu_ref]") {
  const auto v = make_tensor<float>({3}, Floats{1, 2, 3});
  const auto outputs = run_operator({"MatMul", 13, {v, v}});
  REQUIRE(outputs.is_ok());
  CHECK(outputs->front().shape().empty());
  CHECK(outputs->front().span<float>()[0] == 14);
}

TEST_CASE("MatMul broadcasts the leading dimensions of both sides", "[cpu_ref]") {
  const auto a = make_tensor<float>({2, 1, 1, 1}, Floats{2, 3});
  const auto b = make_tensor<float>({3, 1, 1}, Floats{5, 7, 11});
  CHECK(first_output<float>({"MatMul", 13, {a, b}}) == Floats{10, 14, 22, 15, 21, 33});
}

TEST_CASE("MatMul over no columns is zero", "[cpu_ref]") {
  const auto a = make_tensor<float>({1, 0}, Floats{});
  const auto b = make_tensor<float>({0, 2}, Floats{});
  CHECK(first_output<float>({"MatMul", 13, {a, b}}) == Floats{0, 0});
}

TEST_CASE("MatMul of integers wraps around", "[cpu_ref]") {
  const auto a = make_tensor<int32_t>({1, 1}, std::vector<int32_t>{0x40000000});
  const auto b = make_tensor<int32_t>({1, 1}, std::vector<int32_t>{6});
  CHECK(first_output<int32_t>({"MatMul", 13, {a, b}}) == std::vector<int32_t>{int32_t(0x80000000)});
}

TEST_CASE("Gemm transposes, scales and broadcasts C along either side", "[cpu_ref]") {
  const auto c = make_tensor<float>({2, 1}, Floats{100, 200});
  CHECK(first_output<float>({"Gemm",
                             13,
                             {matrix(), matrix(), c},
                             {int_attr("transA", 1), int_attr("transB", 1), float_attr("alpha", 2),
                              float_attr("beta", 0.5f)}}) == Floats{64, 80, 120, 144});
}

TEST_CASE("Gemm before opset 7 broadcasts C by an attribute", "[cpu_ref]") {
  const auto c = make_tensor<float>({2}, Floats{10, 20});
  CHECK(first_output<float>({"Gemm", 6, {matrix(), matrix(), c}, {int_attr("broadcast", 1)}}) ==
        Floats{17, 30, 25, 42});
}

TEST_CASE("Gemm goes without C", "[cpu_ref]") {
  CHECK(first_output<float>({"Gemm", 11, {matrix(), matrix()}}) == Floats{7, 10, 15, 22});
}

TEST_CASE("Einsum takes diagonals and sums what the output leaves out", "[cpu_ref]") {
  CHECK(first_output<float>({"Einsum", 12, {matrix()}, {string_attr("equation", "ii")}}) == Floats{5});
  CHECK(first_output<float>({"Einsum", 12, {matrix()}, {string_attr("equation", "ij -> j")}}) == Floats{4, 6});
}

TEST_CASE("an ellipsis of Einsum stands for as many dimensions in each term", "[cpu_ref]") {
  const host::Attribute equation = string_attr("equation", "...,...");
  const auto row = make_tensor<float>({1, 2}, Floats{2, 3}), vector = make_tensor<float>({2}, Floats{2, 3});
  CHECK(first_output<float>({"Einsum", 12, {matrix(), row}, {equation}}) == Floats{2, 6, 6, 12});
  const auto outputs = run_operator({"Einsum", 12, {matrix(), vector}, {equation}});
  REQUIRE_FALSE(outputs.is_ok());
  CHECK_THAT(outputs.status().message(), Contains("as many everywhere"));
}

TEST_CASE("Einsum names the term that does not fit", "[cpu_ref]") {
  const auto outputs = run_operator({"Einsum", 12, {matrix()}, {string_attr("equation", "ijk->k")}});
  REQUIRE_FALSE(outputs.is_ok());
}
