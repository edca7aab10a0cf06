// Convolution: checks shapes, then takes one of three ways, see conv_call.h. The kernel keeps no state.
#include "conv/conv_kernel.h"

#include <algorithm>
#include <climits>
#include <limits>

#include "broadcast.h"

namespace tenon::cpu_blas {
namespace {

constexpr float kMost = std::numeric_limits<float>::infinity();

}  // namespace

float ConvCall::low() const {
  return activation.function == simd::Unary::kIdentity ? -kMost : activation.low;
}

float ConvCall::high() const {
  return activation.function == simd::Unary::kClip ? activation.high : kMost;
}

namespace {

/// Whether packing the weight won by measurement (Zen 4, one thread, resnet50's shapes). Rows of output channels lose a
/// quarter of the lanes at 7 x 7 pixels, 6 % at 14 x 14, little beyond. Pointwise convolutions that reduce channels win
/// by not unfolding the image. GFLOP/s in place and packed:
///   512x512x3x3   at  7 x  7: 60 -> 97      64x256x1x1  at 56 x 56: 80 -> 88
///   2048x512x1x1  at  7 x  7: 58 -> 90      128x512x1x1 at 28 x 28: 90 -> 103
///   256x256x3x3   at 14 x 14: 94 -> 104     512x128x1x1 at 28 x 28: 83 -> 74
///   256x1024x1x1  at 14 x 14: 91 -> 107     128x128x3x3 at 28 x 28: 99 -> 91
bool packing_wins(const Window2d& window, int64_t outputs, int64_t k) {
  constexpr int64_t kFewPixels = 256;
  return window.h.out * window.w.out <= kFewPixels || (is_pointwise(window) && 2 * outputs <= k);
}

/// The weight as packed for convolve_packed(), where the shapes are known and packing wins.
PackedB plan_packed_weight(const sdk::NodeView& conv, const ConvPlan& plan) {
  const sdk::TensorView x = conv.input(0).info(), w = conv.input(1).info();
  if (!w.is_constant() || w.dtype() != TN_FLOAT || plan.groups != 1 || !x.has_rank() || x.rank() != w.rank() ||
      w.rank() < 3)
    return {};
  for (int64_t i = 0; i < w.rank(); ++i)
    if (w.dim(i) < 1 || (i >= 2 && x.dim(i) < 1)) return {};
  const size_t spatial = static_cast<size_t>(w.rank()) - 2;
  const auto window = resolve_window(plan.window, x.shape().subspan(2, spatial), w.shape().subspan(2, spatial));
  const int64_t k = extent(w.shape(), 1, w.rank());
  if (!window.is_ok() || !packing_wins(window.value(), w.dim(0), k)) return {};
  return PackedB(k, w.dim(0), true);
}

// The sizes of the axes, and in `shape` 0 x 0 x those of the result. Three dimensions are two where the kernel has one
// place in the last two, and goes from plane to plane.
sdk::Status set_axes(const WindowAttributes& attributes, sdk::ShapeView spatial, sdk::ShapeView kernel, ConvCall* call,
                     sdk::Shape* shape) {
  if (spatial.size() < 3) {
    TN_ASSIGN_OR_RETURN(call->window, resolve_window(attributes, spatial, kernel));
    *shape = {0, 0, call->window.h.out, call->window.w.out};
    if (spatial.size() == 1) shape->erase(shape->begin() + 2);
    return {};
  }
  TN_ASSIGN_OR_RETURN(const std::vector<WindowAxis> axes, attributes.resolve(spatial, kernel));
  *shape = {0, 0, axes[0].out, axes[1].out, axes[2].out};
  call->depth = axes[0];
  call->window = {axes[1], axes[2]};
  if (!is_pointwise(call->window)) return {};
  WindowAxis plane;
  plane.in = plane.out = axes[1].in * axes[2].in;
  call->window = {axes[0], plane};
  call->depth = WindowAxis();
  return {};
}

}  // namespace

sdk::Result<ConvPlan> ConvPlan::parse(const sdk::NodeView& conv) {
  ConvPlan plan;
  plan.node = describe(conv);
  const sdk::TensorView w = conv.input(1).info();
  if (!w.has_rank()) return sdk::unsupported(plan.node, ": the rank of W is not known, expected 3 to 5");
  if (w.rank() > 5)
    return sdk::unsupported(plan.node, ": ", w.rank() - 2,
                            " spatial dimensions, expected 1 to 3 here: cpu_ref has more");
  TN_ASSIGN_OR_RETURN(plan.window, WindowAttributes::parse_convolution(conv));
  plan.groups = conv.attr_int("group");
  if (plan.groups < 1) return sdk::invalid_model(plan.node, ": group is ", plan.groups, ", expected 1 or more");
  if (conv.input(2)) plan.b = 2;
  if (conv.domain() != kChannelsLastDomain) plan.packed_w = plan_packed_weight(conv, plan);
  return plan;
}

sdk::Status ConvPlan::set_channel_map(sdk::RunContext& run, int64_t outputs, const float** scale,
                                      const float** shift) const {
  if (!channel_scales.empty()) {
    if (channel_scales.channels() != outputs)
      return sdk::invalid_model(node, ": a weight for ", outputs, " output channels, expected M, ",
                                channel_scales.channels(), ", as declared");
    *scale = channel_scales.scale();
    *shift = channel_scales.shift();
    return {};
  }
  if (b < 0) return {};
  const sdk::TensorView bias = run.input(static_cast<uint32_t>(b));
  if (bias.rank() != 1 || bias.dim(0) != outputs)
    return sdk::invalid_model(node, ": the bias is ", sdk::shape_text(bias.shape()), ", expected M, ", outputs);
  *shift = bias.data<float>();
  return {};
}

sdk::Status ConvPlan::check_groups(sdk::ShapeView weight, int64_t channels) const {
  // Divided, since a product of what the model says may be more than 64 bits hold.
  if (channels % groups == 0 && channels / groups == weight[1] && weight[0] % groups == 0) return {};
  return sdk::invalid_model(node, ": weight ", sdk::shape_text(weight), " with group ", groups,
                            " does not fit input of ", channels,
                            " channels: the weight is M x C/group x kernel, M a multiple of group");
}

sdk::Result<ConvCall> ConvKernel::prepare(sdk::RunContext& run, sdk::Shape* shape) const {
  const sdk::TensorView x = run.input(plan_.x);
  const sdk::TensorView w = run.input(plan_.w);
  if (x.rank() < 3 || x.rank() > 5 || w.rank() != x.rank())
    return sdk::unsupported(plan_.node, ": input X has rank ", x.rank(), " and W rank ", w.rank(),
                            ", expected 3 to 5 for both");
  ConvCall call;
  call.images = x.dim(0);
  call.channels = x.dim(1);
  call.outputs = w.dim(0);
  TN_RETURN_IF_ERROR(plan_.check_groups(w.shape(), call.channels));
  const size_t spatial = static_cast<size_t>(x.rank()) - 2;
  TN_RETURN_IF_ERROR(
      set_axes(plan_.window, x.shape().subspan(2, spatial), w.shape().subspan(2, spatial), &call, shape));
  call.in_pixels = call.window.h.in * call.window.w.in;
  call.group_channels = w.dim(1);
  call.group_outputs = call.outputs / plan_.groups;
  call.k = call.group_channels * call.depth.kernel * call.window.h.kernel * call.window.w.kernel;
  call.groups = plan_.groups;
  call.x = x.data<float>();
  call.w = w.data<float>();
  (*shape)[0] = call.images, (*shape)[1] = call.outputs;
  TN_RETURN_IF_ERROR(plan_.set_channel_map(run, call.outputs, &call.scale, &call.shift));
  return call;
}

sdk::Status ConvKernel::run(sdk::RunContext& run) const {
  sdk::Shape shape;
  TN_ASSIGN_OR_RETURN(ConvCall call, prepare(run, &shape));
  if (plan_.residual < 0 || run.input(static_cast<uint32_t>(plan_.residual)).shape().size() == shape.size()) {
    const sdk::TensorView r = plan_.residual < 0 ? sdk::TensorView() : run.input(static_cast<uint32_t>(plan_.residual));
    if (plan_.residual < 0 || std::equal(shape.begin(), shape.end(), r.shape().begin())) {
      TailCall tail;
      const bool is_bound = tail.bind(plan_.tail, run, shape, 2);
      TN_ASSIGN_OR_RETURN(call.y, result_memory(run, is_bound, shape));
      call.out_pixels = call.window.h.out * call.window.w.out;
      call.residual = plan_.residual < 0 ? nullptr : r.data<float>();
      call.activation = plan_.activation;
      if (!tail.empty()) call.tail = &tail;
      TN_RETURN_IF_ERROR(convolve(run, call));
      return is_bound ? sdk::Status() : plan_.tail.run_apart(run, call.y, shape);
    }
  }
  const sdk::TensorView r = run.input(static_cast<uint32_t>(plan_.residual));
  if (!plan_.residual_broadcasts)
    return sdk::invalid_model(plan_.node, ": Z is ", sdk::shape_text(r.shape()), ", expected ", sdk::shape_text(shape),
                              ", the shape of Y");
  // The residual broadcasts against the result: add it apart.
  TN_ASSIGN_OR_RETURN(const sdk::Shape sum_shape, sdk::broadcast_shape(shape, r.shape()));
  TN_ASSIGN_OR_RETURN(float* const y, result_memory(run, plan_.tail.empty(), sum_shape));
  TN_ASSIGN_OR_RETURN(call.y, run.scratch<float>(static_cast<size_t>(sdk::element_count(shape))));
  call.out_pixels = call.window.h.out * call.window.w.out;
  TN_RETURN_IF_ERROR(convolve(run, call));
  broadcast_binary(run, simd::Binary::kAdd, {call.y, shape}, {r.data<float>(), r.shape()}, y);
  parallel_unary(run, plan_.activation, y, y, sdk::element_count(sum_shape));
  return plan_.tail.empty() ? sdk::Status() : plan_.tail.run_apart(run, y, sum_shape);
}

sdk::Status ConvKernel::convolve(sdk::RunContext& run, const ConvCall& call) const {
  if (call.images == 0 || call.outputs == 0 || call.out_pixels == 0 || call.depth.out == 0) return {};
  run.count_products(call.outputs, call.out_pixels * call.depth.out, call.k, call.images);
  if (call.group_channels == 1 && plan_.groups > 1 && !call.is_volume()) return convolve_depthwise(run, call);
  if (call.in_pixels > INT_MAX)
    return sdk::unsupported(plan_.node, ": an image of ", call.in_pixels, " pixels, expected less than 2^31");
  if (call.is_volume()) return convolve_volume(run, call);
  if (plan_.packed_w.panels() != nullptr) return convolve_packed(run, call, plan_.packed_w.panels());
  return convolve_panels(run, call);
}

sdk::Result<sdk::PackPlan> PackedConvKernel::pack_plan(uint32_t slot) {
  if (slot == kChannelScales) return plan_.channel_scales.plan();
  sdk::PackPlan plan = plan_weight();
  const int w = static_cast<int>(plan_.w);
  plan.sources_needed = plan_.x == plan_.w || plan_.b == w || plan_.residual == w;
  return plan;
}

sdk::Status PackedConvKernel::pack(uint32_t slot, sdk::PackContext& pack) const {
  if (slot == kChannelScales) {
    plan_.channel_scales.pack(pack);
  } else {
    pack_weight(pack.source(0), pack.blob());
  }
  return {};
}

sdk::Status PackedConvKernel::bind_pack(uint32_t slot, const void* blob, uint64_t) {
  if (slot == kChannelScales) {
    plan_.channel_scales.bind(blob);
  } else {
    bind_weight(blob);
  }
  return {};
}

}  // namespace tenon::cpu_blas
