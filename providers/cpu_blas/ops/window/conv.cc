// Conv: y = conv(x, W) + B over one to three spatial dimensions; see conv/conv_kernel.h. FusedConv: y = act(conv(x, W)
// + B + Z), act being Relu or Clip.
#include "conv/channels_last/last_conv_kernel.h"
#include "conv/conv_kernel.h"

namespace tenon::cpu_blas {

sdk::Result<sdk::KernelPtr> make_conv(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(ConvPlan plan, ConvPlan::parse(info));
  return sdk::KernelPtr(std::make_unique<ConvKernel>(std::move(plan)));
}

sdk::Result<sdk::KernelPtr> make_conv_last(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(ConvPlan plan, ConvPlan::parse(info));
  return sdk::KernelPtr(std::make_unique<LastConvKernel>(info, std::move(plan)));
}

sdk::Result<sdk::KernelPtr> make_fused_conv(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(ConvPlan plan, ConvPlan::parse(info));
  const std::string activation = info.attr_string("activation");
  const std::vector<float> bounds = info.attr_floats("activation_params");
  if (activation == "Relu") {
    plan.activation.function = simd::Unary::kRelu;
  } else if (activation == "Clip" && bounds.size() == 2) {
    plan.activation = {simd::Unary::kClip, bounds[0], bounds[1]};
  } else if (!activation.empty()) {
    return sdk::unsupported(plan.node, ": activation '", activation, "' with ", bounds.size(),
                            " parameters, expected Relu, or Clip with 2 here: cpu_ref has more");
  }
  if (info.input_count() > 3 && info.input(3)) plan.residual = 3;
  plan.residual_broadcasts = false;
  return sdk::KernelPtr(std::make_unique<ConvKernel>(std::move(plan)));
}

}  // namespace tenon::cpu_blas
