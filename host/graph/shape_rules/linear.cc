// Shape rules of matrix products.
#include <tenon/sdk/geometry/matmul.hpp>

#include "host/graph/shape_rules/rules.h"
#include "host/graph/shape_rules/sdk_geometry.h"

namespace tenon::host::shape_rules {
namespace {

constexpr int kGemmBroadcastVersion = 7;

Dims at(const Dims& dims, const std::vector<size_t>& positions) {
  Dims picked;
  for (const size_t i : positions) picked.push_back(dims[i]);
  return picked;
}

Status product(ShapeContext& c, sdk::OperandForm form_a, sdk::OperandForm form_b) {
  const Dims* a = c.shape(0);
  const Dims* b = c.shape(1);
  if (a == nullptr || b == nullptr) return {};
  TENON_ASSIGN_OR_RETURN(const auto dims, from_sdk(c, sdk::product_dims(sizes_of(*a), form_a, sizes_of(*b), form_b)));
  auto result = broadcast(at(*a, dims.a.batch), at(*b, dims.b.batch));
  if (!result) return c.fail("the leading dimensions of ", describe(*a), " and ", describe(*b), " do not broadcast");
  if (dims.a.rows != sdk::MatrixDims::kNone) result->push_back((*a)[dims.a.rows]);
  if (dims.b.columns != sdk::MatrixDims::kNone) result->push_back((*b)[dims.b.columns]);
  c.set(0, std::move(*result));
  return {};
}

// Input 0 is A, b and bias are those with these numbers.
Status gemm_of(ShapeContext& c, size_t b_input, size_t bias_input) {
  TENON_RETURN_IF_ERROR(c.expect_rank(0, 2, "A is M x K"));
  TENON_RETURN_IF_ERROR(c.expect_rank(b_input, 2, "B is K x N"));
  const Dims* a = c.shape(0);
  const Dims* b = c.shape(b_input);
  if (a == nullptr || b == nullptr) return {};
  TENON_ASSIGN_OR_RETURN(const auto dims, from_sdk(c, sdk::gemm_dims(sizes_of(*a), c.attr("transA") != 0, sizes_of(*b),
                                                                     c.attr("transB") != 0)));
  const Dim &m = (*a)[dims.a.rows], &n = (*b)[dims.b.columns];
  const Dims* bias = c.shape(bias_input);
  if (bias != nullptr && (c.version() >= kGemmBroadcastVersion || c.node().domain != ""))
    TENON_RETURN_IF_ERROR(from_sdk(c, sdk::check_gemm_c(sizes_of(*bias), m.value, n.value)));
  c.set(0, {m, n});
  return {};
}

}  // namespace

Status matmul(ShapeContext& c) {
  return product(c, {}, {});
}

Status fused_matmul(ShapeContext& c) {
  const auto form = [&](const char* trans, const char* trans_batch) {
    return sdk::OperandForm{c.attr(trans) != 0, c.attr(trans_batch) != 0};
  };
  return product(c, form("transA", "transBatchA"), form("transB", "transBatchB"));
}

Status gemm(ShapeContext& c) {
  return gemm_of(c, 1, 2);
}

// Behind A and B stand their scales and zero points.
Status qgemm(ShapeContext& c) {
  return gemm_of(c, 3, 6);
}

// Y = A x B^T with B quantized in blocks along K: A is ... x K, Y is ... x N.
Status matmul_nbits(ShapeContext& c) {
  const int64_t n = c.attr("N");
  const int64_t k = c.attr("K");
  if (n <= 0 || k <= 0) return c.fail("N is ", n, " and K is ", k, ", expected positive numbers");
  const Dims* a = c.shape(0);
  if (a == nullptr) return {};
  if (a->empty()) return c.fail("input A is a scalar, expected ... x K");
  if (!merge(a->back(), known_dim(k)))
    return c.fail("the last dimension of A is ", a->back().value, ", expected K = ", k);
  Dims result = *a;
  result.back() = known_dim(n);
  c.set(0, std::move(result));
  return {};
}

// The two innermost dimensions go.
Status determinant(ShapeContext& c) {
  const Dims* x = c.shape(0);
  if (x == nullptr) return {};
  if (x->size() < 2 || !merge(x->back(), (*x)[x->size() - 2]))
    return c.fail("input X is ", describe(*x), ", expected square matrices");
  c.set(0, Dims(x->begin(), x->end() - 2));
  return {};
}

}  // namespace tenon::host::shape_rules
