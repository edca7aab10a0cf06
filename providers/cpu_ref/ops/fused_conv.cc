// FusedConv: Conv, to whose result Z is added, if given, before the activation.
#include "conv_kernel.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_fused_conv(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const Activation activation,
                      Activation::create(info.attr_string("activation", ""), info.attr_floats("activation_params")));
  return ConvKernel::create(info, activation);
}

}  // namespace tenon::cpu_ref
