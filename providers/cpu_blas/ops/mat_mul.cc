// MatMul: y = A B with NumPy's rules for stacks; see matmul/matmul_kernel.h.
#include "matmul/matmul_kernel.h"

namespace tenon::cpu_blas {

sdk::Result<sdk::KernelPtr> make_mat_mul(const sdk::KernelInfo& info) {
  MatMulPlan plan;
  plan.node = describe(info);
  plan.packed_b = PackedB::of_operand(info.input(1).info(), false);
  return sdk::KernelPtr(std::make_unique<MatMulKernel>(std::move(plan)));
}

}  // namespace tenon::cpu_blas
