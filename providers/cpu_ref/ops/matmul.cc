// MatMul: Y = A x B as numpy.matmul does it. A is [..., M, K] and B [..., K, N], the leading dimensions broadcast; a
// 1-D A is a row and a 1-D B a column whose extra dimension is dropped from Y. Floating-point sums are kept in double,
// integers wrap around. Y must not be A or B.
#include "matmul_kernel.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_matmul(const sdk::KernelInfo&) {
  return std::make_unique<MatMulKernel>(1.0f, OperandForm(), OperandForm());
}

}  // namespace tenon::cpu_ref
