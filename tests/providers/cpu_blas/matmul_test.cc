// Matrix products of cpu_blas, alone and with what is fused behind them, and from several threads at once.
#include <cmath>
#include <thread>

#include "tests/providers/cpu_blas/on_cpu_blas.h"
#include "tests/support/run_operator.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

std::vector<double> multiply(const std::vector<float>& a, const std::vector<float>& b, size_t m, size_t k, size_t n) {
  std::vector<double> c(m * n, 0);
  for (size_t i = 0; i < m; ++i)
    for (size_t p = 0; p < k; ++p)
      for (size_t j = 0; j < n; ++j) c[i * n + j] += double(a[i * k + p]) * b[p * n + j];
  return c;
}

double gelu(double x) {
  return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
}

/// MatMul, Add of a bias and Gelu as exporters write it, from x to y.
void add_gelu_layer(GraphBuilder& b, const std::vector<float>& w, const std::vector<float>& bias, int64_t k,
                    int64_t n) {
  b.symbolic_input("x", TN_FLOAT, {{-1, "rows"}, {k, ""}});
  b.constant<float>("w", {k, n}, w);
  b.constant<float>("bias", {n}, bias);
  b.constant<float>("root", {}, {1.41421356f});
  b.constant<float>("one", {}, {1});
  b.constant<float>("half", {}, {0.5f});
  b.node("MatMul", {"x", "w"}, {"m"});
  b.node("Add", {"m", "bias"}, {"h"});
  b.node("Div", {"h", "root"}, {"d"});
  b.node("Erf", {"d"}, {"e"});
  b.node("Add", {"e", "one"}, {"a"});
  b.node("Mul", {"h", "a"}, {"p"});
  b.node("Mul", {"p", "half"}, {"y"});
  b.output("y");
}

}  // namespace

TEST_CASE("MatMul, bias and Gelu are one kernel with the sum's and erf's accuracy", "[cpu_blas]") {
  constexpr int64_t k = 70, n = 45;
  const auto w = noise(k * n, 1), bias = noise(n, 2);
  GraphBuilder b;
  add_gelu_layer(b, w, bias, k, n);
  const auto session = open_on_cpu_blas(b, 2);
  CHECK(kernel_of(*session, "m") == "MatMul+Add+Gelu");
  for (const int64_t rows : {1, 2, 37, 200}) {
    const auto x = noise(static_cast<size_t>(rows * k), 3);
    std::vector<double> expected = multiply(x, w, static_cast<size_t>(rows), k, n);
    for (size_t i = 0; i < expected.size(); ++i) expected[i] = gelu(expected[i] + bias[i % n]);
    CHECK(largest_error(run_floats(*session, {x}, {{rows, k}}), expected, std::sqrt(double(k)) + 1) < 8);
  }
}

TEST_CASE("one session gives the same results to many threads at once", "[cpu_blas]") {
  constexpr int64_t k = 96, n = 80, rows = 60;
  const auto w = noise(k * n, 1), bias = noise(n, 2), x = noise(rows * k, 3);
  GraphBuilder b;
  add_gelu_layer(b, w, bias, k, n);
  const auto session = open_on_cpu_blas(b, 2);
  const auto first = run_floats(*session, {x}, {{rows, k}});
  std::atomic<int> different{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        const auto result = session->run(std::vector<NamedTensor>{{"x", make_tensor<float>({rows, k}, x)}});
        if (!result.is_ok() || !std::equal(first.begin(), first.end(), (*result)[0].span<float>().begin())) ++different;
      }
    });
  for (std::thread& t : threads) t.join();
  CHECK(different == 0);
}

TEST_CASE("products that run at the same time share no buffer", "[cpu_blas]") {
  constexpr int64_t n = 150;  // large enough for the library to take a buffer
  const auto a = noise(n * n, 1), b = noise(n * n, 2);
  GraphBuilder builder;
  builder.symbolic_input("a", TN_FLOAT, {{n, ""}, {n, ""}});
  builder.symbolic_input("b", TN_FLOAT, {{n, ""}, {n, ""}});
  builder.node("MatMul", {"a", "b"}, {"y"});
  builder.output("y");
  const auto session = open_on_cpu_blas(builder, 1);
  const auto first = run_floats(*session, {a, b}, {{n, n}, {n, n}});
  const std::vector<NamedTensor> inputs{{"a", make_tensor<float>({n, n}, a)}, {"b", make_tensor<float>({n, n}, b)}};
  std::atomic<int> different{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 4000; ++i) {
        const auto result = session->run(inputs);
        if (!result.is_ok() || !std::equal(first.begin(), first.end(), (*result)[0].span<float>().begin())) ++different;
      }
    });
  for (std::thread& t : threads) t.join();
  CHECK(different == 0);
}

TEST_CASE("stacks of matrices broadcast", "[cpu_blas]") {
  const auto x = noise(2 * 1 * 3 * 4, 1), w = noise(5 * 4 * 2, 2);
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2, 1, 3, 4});
  b.input("w", TN_FLOAT, {5, 4, 2});
  b.node("MatMul", {"x", "w"}, {"y"});
  b.output("y");
  const auto y = run_floats(*open_on_cpu_blas(b), {x, w}, {{2, 1, 3, 4}, {5, 4, 2}});
  REQUIRE(y.size() == 2 * 5 * 3 * 2);
  for (size_t i = 0; i < 10; ++i) {
    const std::vector<float> a(x.begin() + static_cast<long>(i / 5 * 12),
                               x.begin() + static_cast<long>(i / 5 * 12 + 12));
    const std::vector<float> c(w.begin() + static_cast<long>(i % 5 * 8), w.begin() + static_cast<long>(i % 5 * 8 + 8));
    const std::vector<float> part(y.begin() + static_cast<long>(i * 6), y.begin() + static_cast<long>(i * 6 + 6));
    CHECK(largest_error(part, multiply(a, c, 3, 4, 2), 1) < 8);
  }
}

TEST_CASE("products of activations of every form are right, one row, one column and few rows among them",
          "[cpu_blas]") {
  constexpr int64_t kSizes[][3] = {{1, 300, 70},   {1, 16, 1},   {3, 33, 300}, {9, 64, 40},   {17, 65, 40},
                                   {200, 70, 300}, {300, 1, 50}, {5, 130, 0},  {40, 16, 1100}};
  for (const auto& [m, n, k] : kSizes) {
    for (const bool transpose_a : {false, true}) {
      for (const bool transpose_b : {false, true}) {
        const auto a_shape = transpose_a ? std::vector<int64_t>{k, m} : std::vector<int64_t>{m, k};
        const auto b_shape = transpose_b ? std::vector<int64_t>{n, k} : std::vector<int64_t>{k, n};
        const OperatorRun wanted{"Gemm",
                                 13,
                                 {make_tensor<float>(a_shape, noise(static_cast<size_t>(m * k), 1)),
                                  make_tensor<float>(b_shape, noise(static_cast<size_t>(k * n), 2)),
                                  make_tensor<float>({n}, noise(static_cast<size_t>(n), 3))},
                                 {int_attr("transA", transpose_a), int_attr("transB", transpose_b)}};
        const auto expected = run_operator(wanted, "cpu_ref"), actual = run_operator(wanted, "cpu_blas");
        INFO(m << "x" << n << "x" << k << " " << expected.status().message() << actual.status().message());
        REQUIRE((expected.is_ok() && actual.is_ok()));
        const auto e = (*expected)[0].span<float>(), y = (*actual)[0].span<float>();
        CHECK(largest_error({y.begin(), y.end()}, {e.begin(), e.end()}, k + 1) < 4);
      }
    }
  }
}

TEST_CASE("Gemm with a transposed weight and a bias per row or column adds both", "[cpu_blas]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2, 2});
  b.constant<float>("w", {3, 2}, {1, 2, 3, 4, 5, 6});
  b.constant<float>("rows", {2, 1}, {100, 200});
  b.constant<float>("columns", {3}, {10, 20, 30});
  b.node("Gemm", {"x", "w", "rows"}, {"p"}, {int_attr("transB", 1), float_attr("beta", 2)});
  b.node("Gemm", {"x", "w", "columns"}, {"q"}, {int_attr("transB", 1), float_attr("alpha", 3)});
  b.node("Add", {"p", "q"}, {"y"});
  b.output("y");
  CHECK(run_floats(*open_on_cpu_blas(b), {{1, 0, 0, 1}}, {{2, 2}}) == std::vector<float>{214, 232, 250, 418, 436, 454});
}
