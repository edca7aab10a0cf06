#include "matmul/gemm_kernel.h"

#include <tenon/sdk/geometry/matmul.hpp>

namespace tenon::cpu_blas {

GemmPlan::GemmPlan(const sdk::NodeView& gemm)
    : node(describe(gemm)),
      c(gemm.input_count() > 2 && gemm.input(2) ? 2 : -1),
      alpha(gemm.attr_float("alpha")),
      beta(gemm.attr_float("beta")),
      transpose_a(gemm.attr_int("transA") != 0),
      transpose_b(gemm.attr_int("transB") != 0),
      packed_b(PackedB::of_operand(gemm.input(1).info(), transpose_b)) {}

sdk::Result<sdk::PackPlan> GemmKernel::pack_plan(uint32_t) {
  sdk::PackPlan plan = plan_.packed_b.plan(plan_.b);
  plan.sources_needed = plan_.a == plan_.b || plan_.c == static_cast<int>(plan_.b);
  return plan;
}

sdk::Status GemmKernel::pack(uint32_t, sdk::PackContext& pack) const {
  plan_.packed_b.pack(pack.source(0), pack.blob());
  return {};
}

sdk::Status GemmKernel::bind_pack(uint32_t, const void* blob, uint64_t) {
  plan_.packed_b.bind(blob);
  return {};
}

sdk::Status GemmKernel::run(sdk::RunContext& run) const {
  const sdk::TensorView a = run.input(plan_.a);
  const sdk::TensorView b = run.input(plan_.b);
  auto dims = sdk::gemm_dims(a.shape(), plan_.transpose_a, b.shape(), plan_.transpose_b);
  if (!dims.is_ok()) return sdk::invalid_model(plan_.node, ": ", dims.take_status().message());
  Gemm g;
  g.transpose_a = plan_.transpose_a, g.transpose_b = plan_.transpose_b;
  g.m = a.shape()[dims.value().a.rows], g.k = a.shape()[dims.value().a.columns];
  g.n = b.shape()[dims.value().b.columns];
  const sdk::Shape shape{g.m, g.n};
  TailCall tail;
  const bool is_bound = tail.bind(plan_.tail, run, shape, 1);
  TN_ASSIGN_OR_RETURN(float* const y, result_memory(run, is_bound, shape));
  g.a = a.data<float>(), g.b = b.data<float>(), g.c = y;
  g.lda = a.dim(1), g.ldb = b.dim(1), g.ldc = g.n;
  g.alpha = plan_.alpha;
  Epilogue epilogue;
  if (plan_.c >= 0) TN_RETURN_IF_ERROR(add_c(run, shape, &epilogue));
  epilogue.activation = plan_.activation;
  if (!tail.empty()) epilogue.tail = &tail;
  if (plan_.packed_b.panels() != nullptr) {
    multiply_packed(run, packed(g), epilogue);
  } else {
    TN_RETURN_IF_ERROR(check_gemm(plan_.node, g));
    gemm(run, g, epilogue);
  }
  return is_bound ? sdk::Status() : plan_.tail.run_apart(run, y, shape);
}

PackedProduct GemmKernel::packed(const Gemm& g) const {
  PackedProduct p;
  p.m = g.m, p.n = g.n, p.k = g.k;
  p.a = g.a, p.panels = plan_.packed_b.panels(), p.c = g.c;
  p.lda = g.lda, p.transpose_a = g.transpose_a, p.ldc = g.ldc;
  p.alpha = g.alpha;
  return p;
}

sdk::Status GemmKernel::add_c(sdk::RunContext& run, const sdk::Shape& shape, Epilogue* epilogue) const {
  const sdk::TensorView c = run.input(static_cast<uint32_t>(plan_.c));
  const sdk::Status fits = sdk::check_gemm_c(c.shape(), shape[0], shape[1]);
  if (!fits.is_ok()) return sdk::invalid_model(plan_.node, ": ", fits.message());
  if (plan_.beta == 0) return {};
  const int64_t columns = c.rank() >= 1 ? c.dim(c.rank() - 1) : 1;
  const int64_t rows = c.rank() >= 2 ? c.dim(c.rank() - 2) : 1;
  const bool is_row = rows == 1 && columns == shape[1];
  const float* values = c.data<float>();
  if (plan_.beta != 1 || (!is_row && (rows != shape[0] || columns != shape[1]))) {
    const int64_t height = is_row ? 1 : shape[0];
    TN_ASSIGN_OR_RETURN(float* spread, run.scratch<float>(static_cast<size_t>(height * shape[1])));
    for (int64_t m = 0; m < height; ++m)
      for (int64_t n = 0; n < shape[1]; ++n)
        spread[m * shape[1] + n] = plan_.beta * values[(rows == 1 ? 0 : m) * columns + (columns == 1 ? 0 : n)];
    values = spread;
  }
  if (is_row) {
    epilogue->column_shift = values;
  } else {
    epilogue->residual = values;
    epilogue->residual_stride = shape[1];
  }
  return {};
}

}  // namespace tenon::cpu_blas
