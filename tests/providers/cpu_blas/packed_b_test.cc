// Products with constant right-hand matrices, which cpu_blas packs: edges of panels, tiles and passes on every
// instruction set of the machine, and the contract of packing.
#include <sys/mman.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "host/plugins/provider.h"
#include "tests/host/plugins/test_graph.h"
#include "tests/providers/cpu_blas/on_cpu_blas.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

const float kInfinity = std::numeric_limits<float>::infinity();

std::vector<double> multiply(const std::vector<float>& a, const std::vector<float>& b, int64_t m, int64_t k,
                             int64_t n) {
  std::vector<double> c(static_cast<size_t>(m * n), 0);
  for (int64_t i = 0; i < m; ++i)
    for (int64_t p = 0; p < k; ++p)
      for (int64_t j = 0; j < n; ++j)
        c[static_cast<size_t>(i * n + j)] +=
            double(a[static_cast<size_t>(i * k + p)]) * b[static_cast<size_t>(p * n + j)];
  return c;
}

std::vector<float> transpose(const std::vector<float>& x, int64_t rows, int64_t columns) {
  std::vector<float> y(x.size());
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j)
      y[static_cast<size_t>(j * rows + i)] = x[static_cast<size_t>(i * columns + j)];
  return y;
}

/// x (rows open, k columns) times a constant k x n.
void add_product(GraphBuilder& b, const std::vector<float>& w, int64_t k, int64_t n) {
  b.symbolic_input("x", TN_FLOAT, {{-1, "rows"}, {k, ""}});
  b.constant<float>("w", {k, n}, w);
  b.node("MatMul", {"x", "w"}, {"y"});
  b.output("y");
}

size_t elements(int64_t a, int64_t b) {
  return static_cast<size_t>(a * b);
}

/// A MatMul node whose right-hand matrix is `weight`.
struct MatMulNode {
  TestGraph g;
  Node* node;
  explicit MatMulNode(Tensor weight) {
    Value* w = g.value("w");
    w->type.dims = std::vector<Dim>{{weight.shape()[0], ""}, {weight.shape()[1], ""}};
    w->constant = std::move(weight);
    node = g.node("MatMul", {"x", "w"}, {"y"});
    g.finish({"x"}, {"y"});
  }
};

std::string text_of(tn_str s) {
  return std::string(s.data, s.size);
}

}  // namespace

TEST_CASE("packed products of every edge of panels, tiles and passes are right on every instruction set",
          "[cpu_blas]") {
  REQUIRE_FALSE(instruction_sets().empty());
  for (const std::string& isa : instruction_sets())
    for (const int64_t n : {1, 7, 8, 16, 17, 31, 33, 64, 65, 100, 129, 257})
      for (const int64_t k : {1, 2, 67, 257, 1025}) {
        const auto w = noise(elements(k, n), 1);
        GraphBuilder b;
        add_product(b, w, k, n);
        const auto session = open_on_cpu_blas(b, 1, isa);
        for (const int64_t rows : {1, 2, 3, 5, 6, 7, 11, 12, 13, 49}) {
          CAPTURE(isa, rows, k, n);
          const auto x = noise(elements(rows, k), 2);
          const auto y = run_floats(*session, {x}, {{rows, k}});
          CHECK(largest_error(y, multiply(x, w, rows, k, n), double(k) + 1) < 1);
        }
      }
}

TEST_CASE("a row of a packed product does not depend on the other rows or on the threads", "[cpu_blas]") {
  constexpr int64_t k = 1500, n = 400, rows = 301;  // several passes, panels and blocks
  const auto w = noise(elements(k, n), 1), x = noise(elements(rows, k), 2);
  for (const std::string& isa : instruction_sets()) {
    CAPTURE(isa);
    std::vector<float> whole;
    for (const unsigned threads : {1u, 2u, 4u}) {
      GraphBuilder b;
      add_product(b, w, k, n);
      const auto session = open_on_cpu_blas(b, threads, isa);
      const auto y = run_floats(*session, {x}, {{rows, k}});
      if (whole.empty()) whole = y;
      CHECK(y == whole);
      for (const int64_t count : {1, 2, 3, 8}) {
        const std::vector<float> few(x.begin(), x.begin() + count * k);
        const auto part = run_floats(*session, {few}, {{count, k}});
        CHECK(std::equal(part.begin(), part.end(), whole.begin()));
      }
    }
  }
}

TEST_CASE("Gemm packs its weight under every transpose, alpha, beta and shape of C", "[cpu_blas]") {
  constexpr int64_t m = 9, k = 70, n = 45;
  const auto a = noise(elements(m, k), 1), w = noise(elements(k, n), 2);
  const std::vector<double> product = multiply(a, w, m, k, n);
  for (const std::string& isa : instruction_sets())
    for (const bool transpose_a : {false, true})
      for (const bool transpose_b : {false, true})
        for (const std::vector<int64_t>& c_shape :
             std::vector<std::vector<int64_t>>{{}, {n}, {1}, {1, n}, {m, 1}, {m, n}})
          for (const float beta : {1.0f, 0.5f, 0.0f}) {
            CAPTURE(isa, transpose_a, transpose_b, c_shape, beta);
            size_t count = 1;
            for (const int64_t d : c_shape) count *= static_cast<size_t>(d);
            const auto c = noise(count, 3);
            GraphBuilder b;
            b.input("a", TN_FLOAT, transpose_a ? std::vector<int64_t>{k, m} : std::vector<int64_t>{m, k});
            if (transpose_b) {
              b.constant<float>("w", {n, k}, transpose(w, k, n));
            } else {
              b.constant<float>("w", {k, n}, w);
            }
            b.constant<float>("c", c_shape, c);
            b.node("Gemm", {"a", "w", "c"}, {"y"},
                   {int_attr("transA", transpose_a), int_attr("transB", transpose_b), float_attr("alpha", -1.5f),
                    float_attr("beta", beta)});
            b.output("y");
            std::vector<double> expected(product.size());
            const bool by_row = c_shape.size() == 2 && c_shape[0] == m, by_column = count % n == 0;
            for (int64_t i = 0; i < m; ++i)
              for (int64_t j = 0; j < n; ++j) {
                const size_t at = static_cast<size_t>(by_row ? (by_column ? i * n + j : i) : by_column ? j : 0);
                expected[elements(i, n) + static_cast<size_t>(j)] =
                    -1.5 * product[elements(i, n) + static_cast<size_t>(j)] + double(beta) * c[at];
              }
            const auto session = open_on_cpu_blas(b, 1, isa);
            const auto y = transpose_a ? run_floats(*session, {transpose(a, m, k)}, {{k, m}})
                                       : run_floats(*session, {a}, {{m, k}});
            CHECK(largest_error(y, expected, std::sqrt(double(k)) + 1) < 8);
          }
}

TEST_CASE("NaN and infinity reach exactly the results that they belong to", "[cpu_blas]") {
  constexpr int64_t k = 40, n = 70;
  for (const std::string& isa : instruction_sets()) {
    CAPTURE(isa);
    std::vector<float> w(elements(k, n), 1.0f);
    w[3 * n + 69] = NAN;
    w[5 * n + 10] = kInfinity;
    GraphBuilder b;
    add_product(b, w, k, n);
    const auto session = open_on_cpu_blas(b, 1, isa);
    std::vector<float> x(elements(7, k), 1.0f);
    x[6 * k] = -kInfinity;
    const auto y = run_floats(*session, {x}, {{7, k}});
    for (int64_t i = 0; i < 7; ++i)
      for (int64_t j = 0; j < n; ++j) {
        const float value = y[elements(i, n) + static_cast<size_t>(j)];
        if (j == 69 || (i == 6 && j == 10)) {
          CHECK(std::isnan(value));
        } else {
          CHECK(value == (i == 6 ? -kInfinity : j == 10 ? kInfinity : float(k)));
        }
      }
  }
}

TEST_CASE("products without rows, columns or terms are empty or zero", "[cpu_blas]") {
  for (const auto& [k, n, rows] : {std::array<int64_t, 3>{5, 3, 0}, {0, 3, 2}, {4, 0, 2}}) {
    CAPTURE(k, n, rows);
    GraphBuilder b;
    add_product(b, noise(elements(k, n), 1), k, n);
    const auto session = open_on_cpu_blas(b);
    CHECK(run_floats(*session, {noise(elements(rows, k), 2)}, {{rows, k}}) ==
          std::vector<float>(elements(rows, n), 0.0f));
  }
}

TEST_CASE("a pack is planned without a look at the weight", "[cpu_blas]") {
  constexpr size_t bytes = 96 * 130 * sizeof(float);
  void* closed = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(closed != MAP_FAILED);
  const std::shared_ptr<const void> owner(closed, [](const void* p) { munmap(const_cast<void*>(p), bytes); });
  MatMulNode m(Tensor(TN_FLOAT, {96, 130}, closed, bytes, owner, Residence::kMapped));
  const auto provider = Provider::create({cpu_blas_path(), {}});
  auto kernel = (*provider)->create_kernel(*m.node);
  REQUIRE(kernel.is_ok());
  const auto plan = kernel->pack_plan(0);
  REQUIRE(plan.is_ok());
  CHECK(plan->byte_length >= bytes);
  CHECK_FALSE(plan->sources_needed);
  REQUIRE(plan->input_count == 1);
  CHECK(plan->inputs[0] == 1);
}

TEST_CASE("packed bytes are the same every time, all written, and none past their end", "[cpu_blas]") {
  for (const std::string& isa : instruction_sets()) {
    const auto provider = Provider::create({cpu_blas_path(), {{"isa", isa}}});
    REQUIRE(provider.is_ok());
    MatMulNode m(make_tensor<float>({70, 75}, noise(70 * 75, 1)));
    const auto kernel = (*provider)->create_kernel(*m.node);
    REQUIRE(kernel.is_ok());
    const auto plan = kernel->pack_plan(0);
    REQUIRE(plan.is_ok());
    CAPTURE(text_of(plan->key));
    CHECK_THAT(text_of(plan->key), Catch::Contains("gemm_b/1") && Catch::Contains("isa=" + isa));
    const size_t size = plan->byte_length;
    std::vector<unsigned char> first(size + 64, 0xaa), second(size + 64, 0x55);
    const Tensor* const sources[] = {&*m.g.value("w")->constant};
    REQUIRE(kernel->pack(0, sources, {first.data(), size}).is_ok());
    REQUIRE(kernel->pack(0, sources, {second.data(), size}).is_ok());
    CHECK(std::memcmp(first.data(), second.data(), size) == 0);
    CHECK(std::all_of(first.begin() + static_cast<long>(size), first.end(), [](unsigned char c) { return c == 0xaa; }));
  }
}

TEST_CASE("a matrix that would pack mostly padding is read as it is", "[cpu_blas]") {
  MatMulNode m(make_tensor<float>({30000, 3}, noise(90000, 1)));
  const auto provider = Provider::create({cpu_blas_path(), {}});
  const auto kernel = (*provider)->create_kernel(*m.node);
  REQUIRE(kernel.is_ok());
  CHECK(kernel->pack_plan(0)->byte_length == 0);
}

TEST_CASE("the instruction set is one for the process, and a second wish is refused while a session lives",
          "[cpu_blas]") {
  const std::vector<std::string> usable = instruction_sets();
  const auto unknown = Provider::create({cpu_blas_path(), {{"isa", "mmx"}}});
  CHECK_THAT(unknown.status().message(), Catch::Contains("'mmx'") && Catch::Contains(usable[0]));
  auto best = Provider::create({cpu_blas_path(), {}});
  REQUIRE(best.is_ok());
  CHECK(Provider::create({cpu_blas_path(), {}}).is_ok());
  CHECK(Provider::create({cpu_blas_path(), {{"isa", usable[0]}}}).is_ok());
  if (usable.size() < 2) return;
  const auto refused = Provider::create({cpu_blas_path(), {{"isa", usable[1]}}});
  CHECK(refused.status().code() == TN_INVALID_ARGUMENT);
  CHECK_THAT(refused.status().message(), Catch::Contains(usable[0]));
  best->reset();
  CHECK(Provider::create({cpu_blas_path(), {{"isa", usable[1]}}}).is_ok());
}
