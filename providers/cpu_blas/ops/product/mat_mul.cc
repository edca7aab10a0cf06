// MatMul: y = A B with NumPy's rules for stacks; see matmul/matmul_kernel.h. FusedMatMul: y = alpha op(A) op(B).
#include "matmul/matmul_kernel.h"

namespace tenon::cpu_blas {

sdk::Result<sdk::KernelPtr> make_mat_mul(const sdk::KernelInfo& info) {
  MatMulPlan plan;
  plan.node = describe(info);
  plan.packed_b = PackedB::of_operand(info.input(1).info(), false);
  return sdk::KernelPtr(std::make_unique<MatMulKernel>(std::move(plan)));
}

sdk::Result<sdk::KernelPtr> make_fused_mat_mul(const sdk::KernelInfo& info) {
  if (info.attr_int("transBatchA") != 0 || info.attr_int("transBatchB") != 0)
    return sdk::unsupported(describe(info), ": transBatchA or transBatchB is set: cpu_ref moves batch dimensions");
  MatMulPlan plan;
  plan.node = describe(info);
  plan.alpha = info.attr_float("alpha");
  plan.transpose_a = info.attr_int("transA") != 0;
  plan.transpose_b = info.attr_int("transB") != 0;
  if (!plan.transpose_a) plan.packed_b = PackedB::of_operand(info.input(1).info(), plan.transpose_b);
  return sdk::KernelPtr(std::make_unique<MatMulKernel>(std::move(plan)));
}

}  // namespace tenon::cpu_blas
