// Shape rules of matrix products.
#include <algorithm>

#include "host/graph/shape_rules/rules.h"

namespace tenon::host::shape_rules {
namespace {

constexpr int kGemmBroadcastVersion = 7;

Status set_product(ShapeContext& c, Dims a, Dims b) {
  const bool vector_a = a.size() == 1;
  const bool vector_b = b.size() == 1;
  if (vector_a) a.insert(a.begin(), known_dim(1));
  if (vector_b) b.push_back(known_dim(1));
  const Dim k_of_a = a.back();
  const Dim k_of_b = b[b.size() - 2];
  if (!merge(k_of_a, k_of_b))
    return c.fail("the last dimension of ", c.input_name(0), " is ", k_of_a.value, ", but the next to last of ",
                  c.input_name(1), " is ", k_of_b.value, ": both are K of the product and must be equal");
  auto result = broadcast(Dims(a.begin(), a.end() - 2), Dims(b.begin(), b.end() - 2));
  if (!result) return c.fail("the leading dimensions of ", describe(a), " and ", describe(b), " do not broadcast");
  if (!vector_a) result->push_back(a[a.size() - 2]);
  if (!vector_b) result->push_back(b.back());
  c.set(0, std::move(*result));
  return {};
}

}  // namespace

Status matmul(ShapeContext& c) {
  const Dims* a = c.shape(0);
  const Dims* b = c.shape(1);
  if (a == nullptr || b == nullptr) return {};
  if (a->empty() || b->empty())
    return c.fail("input ", c.input_name(a->empty() ? 0 : 1), " is a scalar, expected rank 1 or more");
  return set_product(c, *a, *b);
}

// transBatch moves the first dimension behind those up to the next to last; then trans swaps the last two.
Status fused_matmul(ShapeContext& c) {
  const Dims* a = c.shape(0);
  const Dims* b = c.shape(1);
  if (a == nullptr || b == nullptr) return {};
  if (a->empty() || b->empty()) return c.fail("an input is a scalar, expected rank 1 or more");
  const auto reorder = [&](Dims dims, const char* trans_batch, const char* trans) {
    if (dims.size() > 2 && c.attr(trans_batch) != 0) std::rotate(dims.begin(), dims.begin() + 1, dims.end() - 1);
    if (dims.size() > 1 && c.attr(trans) != 0) std::swap(dims[dims.size() - 1], dims[dims.size() - 2]);
    return dims;
  };
  return set_product(c, reorder(*a, "transBatchA", "transA"), reorder(*b, "transBatchB", "transB"));
}

Status gemm(ShapeContext& c) {
  TENON_RETURN_IF_ERROR(c.expect_rank(0, 2, "A is M x K"));
  TENON_RETURN_IF_ERROR(c.expect_rank(1, 2, "B is K x N"));
  const Dims* a = c.shape(0);
  const Dims* b = c.shape(1);
  if (a == nullptr || b == nullptr) return {};
  const bool trans_a = c.attr("transA") != 0;
  const bool trans_b = c.attr("transB") != 0;
  const Dim& k_of_a = (*a)[trans_a ? 0 : 1];
  const Dim& k_of_b = (*b)[trans_b ? 1 : 0];
  if (!merge(k_of_a, k_of_b))
    return c.fail("K is ", k_of_a.value, " in A and ", k_of_b.value, " in B, expected the same: A is ", describe(*a),
                  " with transA=", trans_a, ", B is ", describe(*b), " with transB=", trans_b);
  Dims result{(*a)[trans_a ? 1 : 0], (*b)[trans_b ? 0 : 1]};
  const Dims* bias = c.shape(2);
  if (bias != nullptr && (c.version() >= kGemmBroadcastVersion || c.node().domain != "")) {
    const auto combined = bias->size() <= 2 ? broadcast(result, *bias) : std::nullopt;
    const bool grows = combined && (((*combined)[0].value > 1 && result[0].value == 1) ||
                                    ((*combined)[1].value > 1 && result[1].value == 1));
    if (!combined || grows)
      return c.fail("input C has shape ", describe(*bias), ", which does not broadcast to ", describe(result),
                    ": it is scalar, N, 1 x N, M x 1 or M x N");
  }
  c.set(0, std::move(result));
  return {};
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

}  // namespace tenon::host::shape_rules
