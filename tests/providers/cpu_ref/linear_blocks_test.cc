// Products of matrices that are larger than what the kernels of cpu_ref multiply at a time, whose ends are no whole
// blocks.
#include <catch2/catch.hpp>

#include "tests/support/run_operator.h"

using namespace tenon;
using namespace tenon::test;

namespace {

constexpr int64_t M = 7, K = 37, N = 291;

// Small whole numbers, so that sums are exact in any order.
template <typename T>
std::vector<T> numbers(int64_t count, int64_t factor) {
  std::vector<T> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(static_cast<T>(i * factor % 11));
  return values;
}

template <typename T, typename Sum>
std::vector<Sum> product_of(const std::vector<T>& a, const std::vector<T>& b, int64_t a_zero = 0, int64_t b_zero = 0) {
  std::vector<Sum> y;
  for (int64_t m = 0; m < M; ++m)
    for (int64_t n = 0; n < N; ++n) {
      int64_t sum = 0;
      for (int64_t k = 0; k < K; ++k)
        sum += (int64_t(a[size_t(m * K + k)]) - a_zero) * (int64_t(b[size_t(k * N + n)]) - b_zero);
      y.push_back(Sum(sum));
    }
  return y;
}

template <typename T>
std::vector<T> transposed(const std::vector<T>& x, int64_t rows, int64_t columns) {
  std::vector<T> y;
  for (int64_t c = 0; c < columns; ++c)
    for (int64_t r = 0; r < rows; ++r) y.push_back(x[size_t(r * columns + c)]);
  return y;
}

}  // namespace

TEMPLATE_TEST_CASE("MatMul of odd sizes is the sum of products", "[cpu_ref]", float, double, int32_t) {
  const auto a = numbers<TestType>(M * K, 7), b = numbers<TestType>(K * N, 5);
  const host::Tensor left = make_tensor<TestType>({M, K}, a), right = make_tensor<TestType>({K, N}, b);
  CHECK(first_output<TestType>({"MatMul", 13, {left, right}}) == product_of<TestType, TestType>(a, b));
}

TEST_CASE("Gemm of odd sizes takes either operand transposed", "[cpu_ref]") {
  const auto a = numbers<float>(M * K, 7), b = numbers<float>(K * N, 5);
  const auto expected = product_of<float, float>(a, b);
  const host::Tensor left = make_tensor<float>({K, M}, transposed(a, M, K));
  const host::Tensor right = make_tensor<float>({N, K}, transposed(b, K, N));
  CHECK(first_output<float>({"Gemm", 13, {left, right}, {int_attr("transA", 1), int_attr("transB", 1)}}) == expected);
  const host::Tensor row = make_tensor<float>({1, K}, std::vector<float>(a.begin(), a.begin() + K));
  CHECK(first_output<float>({"Gemm", 13, {row, right}, {int_attr("transB", 1)}}) ==
        std::vector<float>(expected.begin(), expected.begin() + N));
}

TEST_CASE("Einsum of two operands multiplies whatever the order of their labels", "[cpu_ref]") {
  const auto a = numbers<float>(M * K, 7), b = numbers<float>(K * N, 5);
  const auto expected = product_of<float, float>(a, b);
  const host::Tensor left = make_tensor<float>({K, M}, transposed(a, M, K)), right = make_tensor<float>({K, N}, b);
  CHECK(first_output<float>({"Einsum", 12, {left, right}, {string_attr("equation", "km,kn->mn")}}) == expected);
  CHECK(first_output<float>({"Einsum", 12, {left, right}, {string_attr("equation", "km,kn->nm")}}) ==
        transposed(expected, M, N));
}

TEST_CASE("Einsum sums labels that one operand or neither shares", "[cpu_ref]") {
  const host::Tensor a = make_tensor<float>({2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6});
  const host::Tensor b = make_tensor<float>({3, 2}, std::vector<float>{1, 10, 100, 1000, 10000, 100000});
  const auto of = [&](const char* equation) {
    return first_output<float>({"Einsum", 12, {a, b}, {string_attr("equation", equation)}});
  };
  CHECK(of("ij,jk->j") == std::vector<float>{55, 7700, 990000});
  CHECK(of("ij,jk->") == std::vector<float>{997755});
  CHECK(of("ij,kl->") == std::vector<float>{21 * 111111});
  CHECK(of("ij,jk->k") == std::vector<float>{90705, 907050});
}

TEMPLATE_TEST_CASE("MatMulInteger of odd sizes takes zero points off", "[cpu_ref]", int8_t, uint8_t) {
  const auto a = numbers<TestType>(M * K, 7), b = numbers<TestType>(K * N, 5);
  const host::Tensor zero_a = make_tensor<TestType>({}, std::vector<TestType>{3});
  const host::Tensor zero_b = make_tensor<TestType>({}, std::vector<TestType>{120});
  const host::Tensor left = make_tensor<TestType>({M, K}, a), right = make_tensor<TestType>({K, N}, b);
  CHECK(first_output<int32_t>({"MatMulInteger", 10, {left, right, zero_a, zero_b}}) ==
        product_of<TestType, int32_t>(a, b, 3, 120));
}

TEST_CASE("MatMulInteger of many greatest numbers is exact", "[cpu_ref]") {
  constexpr int64_t kDepth = 40000;
  const host::Tensor left = make_tensor<uint8_t>({1, kDepth}, std::vector<uint8_t>(kDepth, 255));
  const host::Tensor right = make_tensor<uint8_t>({kDepth, 1}, std::vector<uint8_t>(kDepth, 255));
  CHECK(uint32_t(first_output<int32_t>({"MatMulInteger", 10, {left, right}})[0]) == uint32_t(kDepth * 255 * 255));
}
