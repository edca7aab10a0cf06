// Gemm: Y = alpha * A' x B' + beta * C, where A' and B' are A and B or their transposes and C broadcasts to M x N or is
// left out. Y must not be an input.
#include "gemm_kernel.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_gemm(const sdk::KernelInfo& info) {
  return std::make_unique<GemmKernel>(info, std::nullopt);
}

}  // namespace tenon::cpu_ref
