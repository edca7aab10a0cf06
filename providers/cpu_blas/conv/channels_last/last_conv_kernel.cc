// Channels-last convolution: checks shapes, then takes the way that was chosen by the weight. The kernel keeps no
// state.
#include "conv/channels_last/last_conv_kernel.h"

#include <algorithm>

#include "broadcast.h"

namespace tenon::cpu_blas {
namespace {

constexpr int64_t kLeastRank = 3, kMostRank = 5;

/// Of a weight M x C/groups x kernel of one to three spatial dimensions and the window over it.
LastConvShape shape_of(const ConvPlan& plan, sdk::ShapeView w) {
  const auto of_axis = [&](const sdk::Shape& list, size_t i) { return list.empty() ? int64_t{1} : list[i]; };
  const size_t spatial = w.size() - 2;
  LastConvShape s;
  s.groups = plan.groups;
  s.outputs = w[0];
  s.group_channels = w[1];
  s.kernel_w = w[spatial + 1];
  s.stride_w = of_axis(plan.window.strides, spatial - 1);
  s.dilation_w = of_axis(plan.window.dilations, spatial - 1);
  if (spatial >= 2) {
    s.kernel_h = w[spatial];
    s.stride_h = of_axis(plan.window.strides, spatial - 2);
    s.dilation_h = of_axis(plan.window.dilations, spatial - 2);
  }
  if (spatial == 3) s.kernel_d = w[2];
  return s;
}

void set_sizes(const Window2d& window, LastConvShape* s) {
  s->in_h = window.h.in;
  s->in_w = window.w.in;
  s->out_h = window.h.out;
  s->out_w = window.w.out;
}

/// The window over one to three spatial dimensions of the image and the kernel.
sdk::Status resolve(const ConvPlan& plan, sdk::ShapeView spatial, sdk::ShapeView kernel, WindowAxis* depth,
                    Window2d* window) {
  TN_ASSIGN_OR_RETURN(const std::vector<WindowAxis> axes, plan.window.resolve(spatial, kernel));
  window->w = axes.back();
  if (axes.size() >= 2) window->h = axes[axes.size() - 2];
  if (axes.size() == 3) *depth = axes[0];
  return {};
}

/// The spatial axes of an image.
sdk::ShapeView spatial_of(sdk::ShapeView x) {
  return x.subspan(1, x.size() - 2);
}

/// What is known of the convolution while it opens; false where its weight is no constant that it can pack.
bool describe_constant(const sdk::NodeView& conv, const ConvPlan& plan, LastConvShape* s) {
  const sdk::TensorView x = conv.input(0).info(), w = conv.input(1).info();
  if (!w.is_constant() || w.dtype() != TN_FLOAT || !w.has_rank() || w.rank() < kLeastRank || w.rank() > kMostRank)
    return false;
  const size_t spatial = static_cast<size_t>(w.rank()) - 2;
  for (int64_t i = 0; i < w.rank(); ++i)
    if (w.dim(i) < 1) return false;
  if (w.dim(0) % plan.groups != 0 || !plan.window.check_kernel(spatial, w.shape().subspan(2, spatial)).is_ok())
    return false;
  *s = shape_of(plan, w.shape());
  if (!x.has_rank() || x.rank() != w.rank()) return true;
  for (int64_t i = 1; i + 1 < x.rank(); ++i)
    if (x.dim(i) < 1) return true;
  WindowAxis depth;
  Window2d window;
  if (resolve(plan, spatial_of(x.shape()), w.shape().subspan(2, spatial), &depth, &window).is_ok())
    set_sizes(window, s);
  return true;
}

const LastConvWay* way_of(const LastConvShape& s, int64_t rank) {
  if (rank == kMostRank) return &kIndirectWay;  // which alone knows a third dimension
  return *std::find_if(std::begin(kLastConvWays), std::end(kLastConvWays) - 1,
                       [&](const LastConvWay* way) { return way->takes(s); });
}

}  // namespace

LastConvKernel::LastConvKernel(const sdk::NodeView& conv, ConvPlan plan)
    : LastKernel(std::move(plan)),
      has_constant_weight_(describe_constant(conv, plan_, &shape_)),
      way_(has_constant_weight_ ? way_of(shape_, conv.input(1).info().rank()) : &kIndirectWay) {}

sdk::Result<LastConvCall> LastConvKernel::prepare(sdk::RunContext& run) const {
  const sdk::TensorView x = run.input(plan_.x), w = run.input(plan_.w);
  if (x.rank() < kLeastRank || x.rank() > kMostRank || w.rank() != x.rank())
    return sdk::unsupported(plan_.node, ": input X has rank ", x.rank(), " and W rank ", w.rank(),
                            ", expected 3 to 5 for both");
  const int64_t channels = x.dim(x.rank() - 1);
  TN_RETURN_IF_ERROR(plan_.check_groups(w.shape(), channels));
  const size_t spatial = static_cast<size_t>(x.rank()) - 2;
  LastConvCall call;
  TN_RETURN_IF_ERROR(resolve(plan_, spatial_of(x.shape()), w.shape().subspan(2, spatial), &call.depth, &call.window));
  call.shape = shape_of(plan_, w.shape());
  set_sizes(call.window, &call.shape);
  call.images = x.dim(0);
  call.in_pixels = call.depth.in * call.window.h.in * call.window.w.in;
  call.out_pixels = call.depth.out * call.window.h.out * call.window.w.out;
  call.x = x.data<float>();
  call.packed = packed();
  TN_RETURN_IF_ERROR(plan_.set_channel_map(run, call.shape.outputs, &call.scale, &call.shift));
  return call;
}

sdk::Status LastConvKernel::run(sdk::RunContext& run) const {
  TN_ASSIGN_OR_RETURN(LastConvCall call, prepare(run));
  sdk::Shape shape{call.images, call.depth.out, call.window.h.out, call.window.w.out, call.shape.outputs};
  shape.erase(shape.begin() + 1, shape.begin() + 1 + kMostRank - run.input(plan_.x).rank());
  if (plan_.residual >= 0) {
    const sdk::TensorView r = run.input(static_cast<uint32_t>(plan_.residual));
    if (!std::equal(shape.begin(), shape.end(), r.shape().begin(), r.shape().end()))
      return add_broadcast(run, &call, shape);
    call.residual = r.data<float>();
  }
  return compute(run, &call, shape);
}

// The residual broadcasts against the result, which is of `shape`: added apart.
sdk::Status LastConvKernel::add_broadcast(sdk::RunContext& run, LastConvCall* call, const sdk::Shape& shape) const {
  const sdk::TensorView r = run.input(static_cast<uint32_t>(plan_.residual));
  TN_ASSIGN_OR_RETURN(const sdk::Shape sum_shape, sdk::broadcast_shape(shape, r.shape()));
  TN_ASSIGN_OR_RETURN(float* const y, result_memory(run, plan_.tail.empty(), sum_shape));
  TN_ASSIGN_OR_RETURN(call->y, run.scratch<float>(static_cast<size_t>(sdk::element_count(shape))));
  TN_RETURN_IF_ERROR(convolve(run, call));
  broadcast_binary(run, simd::Binary::kAdd, {call->y, shape}, {r.data<float>(), r.shape()}, y);
  parallel_unary(run, plan_.activation, y, y, sdk::element_count(sum_shape));
  return plan_.tail.empty() ? sdk::Status() : plan_.tail.run_apart(run, y, sum_shape);
}

sdk::Status LastConvKernel::convolve(sdk::RunContext& run, LastConvCall* call) const {
  const LastConvShape& s = call->shape;
  if (call->images == 0 || s.outputs == 0 || call->out_pixels == 0) return {};
  run.count_products(s.outputs, call->out_pixels, s.group_channels * s.taps(), call->images);
  if (call->packed == nullptr) {
    TN_ASSIGN_OR_RETURN(float* packed, run.scratch<float>(static_cast<size_t>(way_->pack_floats(s))));
    way_->pack(s, run.input(plan_.w).data<float>(), packed);
    call->packed = packed;
  }
  return way_->run(run, *call);
}

}  // namespace tenon::cpu_blas
