// Channels-last ConvTranspose: checks shapes, then convolves; see transposed.h. The kernel keeps no state.
#include "conv/channels_last/last_conv_transpose_kernel.h"

#include <algorithm>

namespace tenon::cpu_blas {
namespace {

constexpr int64_t kLeastChannels = 8;

/// Of a weight C x M x kernel.
TransposedWeight weight_of(sdk::ShapeView w) {
  return {w[0], w[1], extent(w, 2, static_cast<int64_t>(w.size()))};
}

}  // namespace

sdk::Status LastConvTransposeKernel::check(const sdk::NodeView& node) {
  const sdk::TensorView w = node.input(1).info();
  if (!w.has_rank() || w.rank() < 3 || w.rank() > 4)
    return sdk::unsupported(describe(node), ": W is not known to have rank 3 or 4, which cpu_ref does without");
  if (const int64_t groups = node.attr_int("group"); groups != 1)
    return sdk::unsupported(describe(node), ": group is ", groups, ", expected 1 here: cpu_ref has more");
  if (w.dim(0) >= 0 && w.dim(0) < kLeastChannels)
    return sdk::unsupported(describe(node), ": ", w.dim(0), " channels, expected ", kLeastChannels,
                            " or more here: cpu_ref has fewer");
  return {};
}

sdk::Result<sdk::KernelPtr> LastConvTransposeKernel::create(const sdk::NodeView& node, ConvPlan plan) {
  TN_RETURN_IF_ERROR(check(node));
  TN_ASSIGN_OR_RETURN(sdk::TransposedAttributes attributes, sdk::TransposedAttributes::parse(node));
  const sdk::TensorView w = node.input(1).info();
  std::unique_ptr<LastConvTransposeKernel> kernel(new LastConvTransposeKernel(std::move(plan), std::move(attributes)));
  kernel->has_constant_weight_ = w.is_constant() && w.dtype() == TN_FLOAT &&
                                 std::all_of(w.shape().begin(), w.shape().end(), [](int64_t d) { return d >= 1; });
  if (kernel->has_constant_weight_) kernel->weight_ = weight_of(w.shape());
  return sdk::KernelPtr(std::move(kernel));
}

sdk::Result<LastConvCall> LastConvTransposeKernel::prepare(sdk::RunContext& run) const {
  const sdk::TensorView x = run.input(plan_.x), w = run.input(plan_.w);
  if (x.rank() < 3 || x.rank() > 4 || w.rank() != x.rank())
    return sdk::unsupported(plan_.node, ": input X has rank ", x.rank(), " and W rank ", w.rank(),
                            ", expected 3 or 4 for both");
  const int64_t channels = x.dim(x.rank() - 1);
  if (w.dim(0) != channels)
    return sdk::invalid_argument("input W has shape ", sdk::shape_text(w.shape()), ", expected first dimension ",
                                 channels, " as the channels of X: C x M x kernel axes");
  const size_t spatial = x.shape().size() - 2;
  TN_ASSIGN_OR_RETURN(const std::vector<WindowAxis> axes,
                      attributes_.resolve(x.shape().subspan(1, spatial), w.shape().subspan(2, spatial)));
  LastConvCall call;
  call.window.h = axes[0];
  if (spatial == 2) call.window.w = axes[1];
  call.shape.outputs = w.dim(1);
  call.shape.group_channels = channels;
  call.images = x.dim(0);
  call.in_pixels = call.window.h.out * call.window.w.out;
  call.out_pixels = call.window.h.in * call.window.w.in;
  call.x = x.data<float>();
  call.packed = packed();
  TN_RETURN_IF_ERROR(plan_.set_channel_map(run, call.shape.outputs, &call.scale, &call.shift));
  return call;
}

sdk::Status LastConvTransposeKernel::run(sdk::RunContext& run) const {
  TN_ASSIGN_OR_RETURN(LastConvCall call, prepare(run));
  sdk::Shape shape{call.images, call.window.h.in, call.window.w.in, call.shape.outputs};
  if (run.input(plan_.x).rank() == 3) shape.erase(shape.begin() + 2);
  return compute(run, &call, shape);
}

sdk::Status LastConvTransposeKernel::convolve(sdk::RunContext& run, LastConvCall* call) const {
  if (call->images == 0 || call->shape.outputs == 0 || call->out_pixels == 0) return {};
  const sdk::TensorView w = run.input(plan_.w);
  const TransposedWeight weight = weight_of(w.shape());
  run.count_products(weight.channels, call->in_pixels, weight.outputs * weight.taps, call->images);
  if (call->packed == nullptr) {
    TN_ASSIGN_OR_RETURN(float* const packed, run.scratch<float>(static_cast<size_t>(weight.floats())));
    weight.pack(w.data<float>(), packed);
    call->packed = packed;
  }
  return convolve_transposed(run, weight, *call);
}

}  // namespace tenon::cpu_blas
