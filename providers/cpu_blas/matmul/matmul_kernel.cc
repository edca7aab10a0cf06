// MatMul with NumPy's rules: a vector is a matrix of one row (left) or column (right) and that dimension is dropped
// again; leading dimensions broadcast. Against one right-hand matrix all rows of the left form one product.
#include "matmul/matmul_kernel.h"

#include <algorithm>
#include <tenon/sdk/geometry/matmul.hpp>

#include "broadcast.h"

namespace tenon::cpu_blas {
namespace {

/// The sizes of one call: `stack` products of m x k and k x n.
struct Sizes {
  int64_t m = 1, n = 1, k = 1;
  bool transpose_a = false, transpose_b = false;
  float alpha = 1;
  sdk::Shape stack;             // broadcast leading dimensions
  sdk::Shape a_stack, b_stack;  // each operand's own
  sdk::Shape result;
  size_t row_dims = 0;  // of the result: those before its columns
};

sdk::Result<Sizes> size_up(const MatMulPlan& plan, sdk::ShapeView a, sdk::ShapeView b) {
  const std::string& node = plan.node;
  // A vector has no last two dimensions to swap.
  const bool transposes_a = plan.transpose_a && a.size() > 1, transposes_b = plan.transpose_b && b.size() > 1;
  auto found = sdk::product_dims(a, {transposes_a, false}, b, {transposes_b, false});
  if (!found.is_ok()) return sdk::invalid_model(node, ": ", found.take_status().message());
  const auto& [left, right] = found.value();
  Sizes s;
  s.transpose_a = transposes_a;
  s.transpose_b = transposes_b;
  s.alpha = plan.alpha;
  s.m = sdk::MatrixDims::size(a, left.rows);
  s.k = a[left.columns];
  s.n = sdk::MatrixDims::size(b, right.columns);
  for (const size_t i : left.batch) s.a_stack.push_back(a[i]);
  for (const size_t i : right.batch) s.b_stack.push_back(b[i]);
  TN_ASSIGN_OR_RETURN(s.stack, sdk::broadcast_shape(s.a_stack, s.b_stack));
  s.result = s.stack;
  if (left.rows != sdk::MatrixDims::kNone) s.result.push_back(s.m);
  s.row_dims = s.result.size();
  if (right.columns != sdk::MatrixDims::kNone) s.result.push_back(s.n);
  return s;
}

/// Which matrix of an operand's own stack the matrix `index` of the result's stack reads.
int64_t matrix_of(sdk::ShapeView stack, sdk::ShapeView own, int64_t index) {
  int64_t at = 0, step = 1;
  for (size_t i = 0; i < own.size(); ++i) {
    const int64_t d = own[own.size() - 1 - i];
    const int64_t whole = stack[stack.size() - 1 - i];
    if (d != 1) at += index % whole * step;
    step *= d;
    index /= whole;
  }
  return at;
}

/// `panels`: the right-hand matrix packed, or null: it is at `b`.
sdk::Status multiply(sdk::RunContext& run, const std::string& node, const Sizes& s, const float* a, const float* b,
                     const float* panels, float* y, const Epilogue& epilogue) {
  if (panels != nullptr) {
    PackedProduct p;
    p.m = s.m * sdk::element_count(s.stack), p.n = s.n, p.k = s.k;
    p.a = a, p.panels = panels, p.c = y;
    p.lda = s.k, p.ldc = s.n;
    p.alpha = s.alpha;
    multiply_packed(run, p, epilogue);
    return {};
  }
  Gemm g;
  g.m = s.m, g.n = s.n, g.k = s.k;
  g.a = a, g.b = b, g.c = y;
  g.lda = s.transpose_a ? s.m : s.k, g.ldb = s.transpose_b ? s.k : s.n, g.ldc = s.n;
  g.transpose_a = s.transpose_a, g.transpose_b = s.transpose_b;
  g.alpha = s.alpha;
  const int64_t count = sdk::element_count(s.stack);
  if (sdk::element_count(s.b_stack) == 1 && !s.transpose_a) {
    g.m *= count;
    TN_RETURN_IF_ERROR(check_gemm(node, g));
    gemm(run, g, epilogue);
    return {};
  }
  TN_RETURN_IF_ERROR(check_gemm(node, g));
  const auto product = [&](int64_t i) {
    Gemm one = g;
    one.a += matrix_of(s.stack, s.a_stack, i) * s.m * s.k;
    one.b += matrix_of(s.stack, s.b_stack, i) * s.k * s.n;
    one.c += i * s.m * s.n;
    return one;
  };
  const auto finish = [&](int64_t i) {
    Epilogue one = epilogue;
    if (one.residual != nullptr) one.residual += i * s.m * s.n;
    one.tail_row = i * s.m;
    return one;
  };
  if (count < run.max_workers()) {
    for (int64_t i = 0; i < count; ++i) gemm(run, product(i), finish(i));
    return {};
  }
  run.count_products(s.m, s.n, s.k, count);
  run.parallel_for(count, gemm_cost_ns(s.m, s.n, s.k), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) gemm_tile(product(i), finish(i), 0, s.m, 0, s.n);
  });
  return {};
}

}  // namespace

sdk::Result<sdk::PackPlan> MatMulKernel::pack_plan(uint32_t) {
  sdk::PackPlan plan = plan_.packed_b.plan(plan_.b);
  const int b = static_cast<int>(plan_.b);
  plan.sources_needed = plan_.a == plan_.b || plan_.bias == b || plan_.residual == b;
  return plan;
}

sdk::Status MatMulKernel::pack(uint32_t, sdk::PackContext& pack) const {
  plan_.packed_b.pack(pack.source(0), pack.blob());
  return {};
}

sdk::Status MatMulKernel::bind_pack(uint32_t, const void* blob, uint64_t) {
  plan_.packed_b.bind(blob);
  return {};
}

sdk::Status MatMulKernel::run(sdk::RunContext& run) const {
  const sdk::TensorView a = run.input(plan_.a);
  const sdk::TensorView b = run.input(plan_.b);
  TN_ASSIGN_OR_RETURN(const Sizes sizes, size_up(plan_, a.shape(), b.shape()));
  Epilogue epilogue;
  epilogue.residual_stride = sizes.n;
  if (plan_.bias >= 0) {
    const sdk::TensorView bias = run.input(static_cast<uint32_t>(plan_.bias));
    if (bias.count() != sizes.n)
      return sdk::invalid_model(plan_.node, ": the bias has ", bias.count(), " elements, expected N, ", sizes.n);
    epilogue.column_shift = bias.data<float>();
  }
  const sdk::TensorView r = plan_.residual < 0 ? sdk::TensorView() : run.input(static_cast<uint32_t>(plan_.residual));
  const bool same = plan_.residual < 0 || (r.shape().size() == sizes.result.size() &&
                                           std::equal(sizes.result.begin(), sizes.result.end(), r.shape().begin()));
  if (same) {
    TailCall tail;
    const bool is_bound = tail.bind(plan_.tail, run, sizes.result, sizes.row_dims);
    TN_ASSIGN_OR_RETURN(float* const y, result_memory(run, is_bound, sizes.result));
    if (plan_.residual >= 0) epilogue.residual = r.data<float>();
    epilogue.activation = plan_.activation;
    if (!tail.empty()) epilogue.tail = &tail;
    TN_RETURN_IF_ERROR(
        multiply(run, plan_.node, sizes, a.data<float>(), b.data<float>(), plan_.packed_b.panels(), y, epilogue));
    return is_bound ? sdk::Status() : plan_.tail.run_apart(run, y, sizes.result);
  }
  // The residual broadcasts against the result: add it apart.
  TN_ASSIGN_OR_RETURN(const sdk::Shape shape, sdk::broadcast_shape(sizes.result, r.shape()));
  TN_ASSIGN_OR_RETURN(float* const y, result_memory(run, plan_.tail.empty(), shape));
  TN_ASSIGN_OR_RETURN(float* product, run.scratch<float>(static_cast<size_t>(sdk::element_count(sizes.result))));
  TN_RETURN_IF_ERROR(
      multiply(run, plan_.node, sizes, a.data<float>(), b.data<float>(), plan_.packed_b.panels(), product, epilogue));
  broadcast_binary(run, simd::Binary::kAdd, {product, sizes.result}, {r.data<float>(), r.shape()}, y);
  parallel_unary(run, plan_.activation, y, y, sdk::element_count(shape));
  return plan_.tail.empty() ? sdk::Status() : plan_.tail.run_apart(run, y, shape);
}

}  // namespace tenon::cpu_blas
