// FusedMatMul: Y = alpha * A x B with the last two dimensions of an operand swapped by transA and transB, and before
// that its first dimension moved behind the batch dimensions by transBatchA and transBatchB. Y must not be A or B.
#include "matmul_kernel.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_fused_matmul(const sdk::KernelInfo& info) {
  const auto set = [&](const char* name) { return info.attr_int(name, 0) != 0; };
  return std::make_unique<MatMulKernel>(info.attr_float("alpha", 1), OperandForm{set("transA"), set("transBatchA")},
                                        OperandForm{set("transB"), set("transBatchB")});
}

}  // namespace tenon::cpu_ref
