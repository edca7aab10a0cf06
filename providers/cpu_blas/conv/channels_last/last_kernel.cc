#include "conv/channels_last/last_kernel.h"

namespace tenon::cpu_blas {

sdk::Status LastKernel::compute(sdk::RunContext& run, LastConvCall* call, const sdk::Shape& shape) const {
  TailCall tail;
  const bool is_bound = tail.bind(plan_.tail, run, shape, shape.size() - 1);
  TN_ASSIGN_OR_RETURN(call->y, result_memory(run, is_bound, shape));
  call->activation = plan_.activation;
  if (!tail.empty()) call->tail = &tail;
  TN_RETURN_IF_ERROR(convolve(run, call));
  return is_bound ? sdk::Status() : plan_.tail.run_apart(run, call->y, shape);
}

sdk::PackPlan LastKernel::plan_weight() const {
  constexpr uint64_t kMostFloats = UINT64_MAX / 2 / sizeof(float);
  sdk::PackPlan plan;
  const uint64_t floats = weight_floats();
  if (floats == 0 || floats > kMostFloats) return plan;
  plan.byte_length = floats * sizeof(float);
  plan.inputs = {plan_.w};
  plan.key = weight_key();
  return plan;
}

void LastKernel::pack_weight(const sdk::TensorView& weight, void* blob) const {
  pack_floats(weight.data<float>(), static_cast<float*>(blob));
}

}  // namespace tenon::cpu_blas
