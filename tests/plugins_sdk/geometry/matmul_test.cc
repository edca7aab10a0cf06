#include <catch2/catch.hpp>
#include <tenon/sdk/geometry/matmul.hpp>

using namespace tenon::sdk;
using Indices = std::vector<size_t>;

TEST_CASE("a vector is a row on the left and a column on the right", "[sdk]") {
  const auto dims = product_dims(Shape{3}, {}, Shape{2, 3, 4}, {});
  REQUIRE(dims.is_ok());
  CHECK(dims.value().a.rows == MatrixDims::kNone);
  CHECK(dims.value().a.columns == 0);
  CHECK(MatrixDims::size(Shape{3}, dims.value().a.rows) == 1);
  CHECK(dims.value().b.batch == Indices{0});
  const auto right = product_dims(Shape{2, 3}, {}, Shape{3}, {});
  REQUIRE(right.is_ok());
  CHECK(right.value().b.columns == MatrixDims::kNone);
  CHECK_FALSE(product_dims(Shape{}, {}, Shape{3}, {}).is_ok());
  CHECK_FALSE(product_dims(Shape{3}, {}, Shape{}, {}).is_ok());
}

TEST_CASE("the columns of the left operand are the rows of the right, where both are known", "[sdk]") {
  CHECK(product_dims(Shape{2, 3}, {}, Shape{3, 4}, {}).is_ok());
  CHECK_FALSE(product_dims(Shape{2, 3}, {}, Shape{4, 3}, {}).is_ok());
  CHECK(product_dims(Shape{2, 3}, {}, Shape{4, 3}, {true, false}).is_ok());
  CHECK(product_dims(Shape{2, -1}, {}, Shape{4, 3}, {}).is_ok());
  // A form does not matter to a vector.
  CHECK(product_dims(Shape{3}, {true, true}, Shape{3, 4}, {}).is_ok());
}

TEST_CASE("a batch moves before the last two dimensions swap", "[sdk]") {
  const MatrixDims moved = MatrixDims::of(4, {false, true}, true);
  CHECK(moved.rows == 0);
  CHECK(moved.columns == 3);
  CHECK(moved.batch == Indices{1, 2});
  const MatrixDims both = MatrixDims::of(4, {true, true}, true);
  CHECK(both.rows == 3);
  CHECK(both.columns == 0);
  CHECK(MatrixDims::of(2, {false, true}, true).rows == 0);
}

TEST_CASE("Gemm takes matrices and a C that does not widen the result", "[sdk]") {
  CHECK_FALSE(gemm_dims(Shape{3}, false, Shape{3, 2}, false).is_ok());
  CHECK(gemm_dims(Shape{3, 2}, true, Shape{4, 3}, true).is_ok());
  for (const Shape& c : {Shape{}, Shape{1}, Shape{3}, Shape{1, 3}, Shape{2, 1}, Shape{2, 3}, Shape{1, 1}, Shape{-1, 3}})
    CHECK(check_gemm_c(c, 2, 3).is_ok());
  for (const Shape& c : {Shape{2}, Shape{3, 3}, Shape{2, 2}, Shape{1, 2, 3}, Shape{0, 3}})
    CHECK_FALSE(check_gemm_c(c, 2, 3).is_ok());
  CHECK_FALSE(check_gemm_c(Shape{2, 3}, 1, 3).is_ok());
}
