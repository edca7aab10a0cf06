// Einsum on cpu_blas against cpu_ref: operands and results that lie as matrices and others, broadcasts, diagonals.
#include "tests/providers/cpu_blas/on_cpu_blas.h"
#include "tests/support/run_operator.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

void check(const std::string& equation, const std::vector<int64_t>& a, const std::vector<int64_t>& b) {
  const auto filled = [](const std::vector<int64_t>& shape, unsigned seed) {
    size_t count = 1;
    for (const int64_t d : shape) count *= static_cast<size_t>(d);
    return make_tensor<float>(shape, noise(count, seed));
  };
  CAPTURE(equation, a, b);
  const OperatorRun wanted{"Einsum", 12, {filled(a, 1), filled(b, 2)}, {string_attr("equation", equation)}};
  const auto expected = run_operator(wanted, "cpu_ref"), actual = run_operator(wanted, "cpu_blas");
  INFO(expected.status().message() << actual.status().message());
  REQUIRE((expected.is_ok() && actual.is_ok()));
  CHECK((*expected)[0].shape() == (*actual)[0].shape());
  const auto e = (*expected)[0].span<float>(), f = (*actual)[0].span<float>();
  CHECK(largest_error({f.begin(), f.end()}, {e.begin(), e.end()}, 4) < 16);
}

}  // namespace

TEST_CASE("an Einsum of two operands agrees with cpu_ref wherever its labels stand", "[cpu_blas][einsum]") {
  for (const char* result : {"bhij", "bihj", "ijbh", "jibh", "bhji", "hjbi"})
    for (const char* left : {"bhid", "bihd", "dibh", "ibdh"})
      for (const auto& [right, shape] : {std::pair<const char*, std::vector<int64_t>>{"bhjd", {2, 3, 5, 7}},
                                         {"jdbh", {5, 7, 2, 3}},
                                         {"djhb", {7, 5, 3, 2}}}) {
        std::vector<int64_t> a;
        for (const char label : std::string(left))
          a.push_back(label == 'b' ? 2 : label == 'h' ? 3 : label == 'i' ? 4 : 7);
        check(std::string(left) + "," + right + "->" + result, a, shape);
      }
}

TEST_CASE("an Einsum broadcasts, takes diagonals and multiplies what shares no label", "[cpu_blas][einsum]") {
  check("...d,de->...e", {2, 3, 4}, {4, 5});
  check("...ij,...jk", {1, 3, 4}, {6, 4, 2});
  check("i,j->ij", {3}, {4});
  check("i,i->", {9}, {9});
  check("ii,ij->j", {3, 3}, {3, 4});
  check("bi,bi->bi", {3, 4}, {3, 4});
  check("ij,ij->i", {4, 1}, {4, 5});
  check("ij,ij->", {4, 1}, {1, 5});
  check("ij,jk->ik", {3, 0}, {0, 4});
}
