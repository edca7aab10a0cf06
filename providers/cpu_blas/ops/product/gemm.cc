// Gemm; see matmul/gemm_kernel.h.
#include "matmul/gemm_kernel.h"

namespace tenon::cpu_blas {

sdk::Result<sdk::KernelPtr> make_gemm(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<GemmKernel>(GemmPlan(info)));
}

}  // namespace tenon::cpu_blas
