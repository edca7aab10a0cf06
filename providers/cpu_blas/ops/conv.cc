// Conv: y = conv(x, W) + B over one or two spatial dimensions; see conv/conv_kernel.h.
#include "conv/conv_kernel.h"

namespace tenon::cpu_blas {

sdk::Result<sdk::KernelPtr> make_conv(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(ConvPlan plan, ConvPlan::parse(info));
  return sdk::KernelPtr(std::make_unique<ConvKernel>(std::move(plan)));
}

}  // namespace tenon::cpu_blas
