// FusedGemm: Gemm with an activation, whose attributes are activation_alpha, activation_beta and activation_gamma: the
// first attributes that the operator of that name has in alphabetical order.
#include "gemm_kernel.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_fused_gemm(const sdk::KernelInfo& info) {
  std::vector<float> parameters;
  for (const char* name : {"activation_alpha", "activation_beta", "activation_gamma"})
    if (info.has_float(name)) parameters.push_back(info.attr_float(name, 0));
  TN_ASSIGN_OR_RETURN(const Activation activation, Activation::create(info.attr_string("activation", ""), parameters));
  return std::make_unique<GemmKernel>(info, activation);
}

}  // namespace tenon::cpu_ref
