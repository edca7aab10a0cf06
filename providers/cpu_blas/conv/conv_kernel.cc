// Convolution as products of the weight (M/groups x C/groups * KH * KW), read where it lies, with panels of columns
// unfolded from the image, a stripe of output pixels at a time; depthwise convolution is direct. The panels take the
// place of OpenBLAS here: its product would copy the weight and the columns once more in every call, which costs a
// fifth of the time. The kernel keeps no state; scratch stays below a few megabytes a thread.
#include "conv/conv_kernel.h"

#include <algorithm>
#include <climits>
#include <limits>

#include "broadcast.h"
#include "conv/unfold.h"
#include "simd/panel_gemm.h"
#include "simd/rows.h"

namespace tenon::cpu_blas {
namespace {

constexpr int64_t kDepth = 512;                // rows of a panel per pass: 128 KB of it at the widest
constexpr int64_t kPassElements = 128 * 1024;  // of all panels in one pass: half an L2 cache
constexpr int64_t kRowBlock = 96;              // rows of the weight that stay in the cache while panels change

int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

/// A rough duration of 2 * m * n * k floating-point operations, for parallel_for.
double product_cost_ns(int64_t m, int64_t n, int64_t k) {
  return static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k) / 40.0 + 500.0;
}

}  // namespace

struct ConvKernel::Call {
  Window2d window;
  int64_t images = 0, channels = 0, outputs = 0;         // N, C, M
  int64_t in_pixels = 0, out_pixels = 0;                 // of one plane
  int64_t group_channels = 0, group_outputs = 0, k = 0;  // k: C/groups * KH * KW
  const float* x = nullptr;
  const float* w = nullptr;
  float* y = nullptr;
  const float* residual = nullptr;  // of y's shape, or null
  const float* shift = nullptr;
  simd::Activation activation;
};

sdk::Result<ConvPlan> ConvPlan::parse(const sdk::NodeView& conv) {
  ConvPlan plan;
  plan.node = describe(conv);
  const sdk::TensorView w = conv.input(1).info();
  if (!w.has_rank()) return sdk::unsupported(plan.node, ": the rank of W is not known, expected 3 or 4");
  if (w.rank() > 4)
    return sdk::unsupported(plan.node, ": ", w.rank() - 2,
                            " spatial dimensions, expected 1 or 2 here: cpu_ref has more");
  TN_ASSIGN_OR_RETURN(plan.window, WindowAttributes::parse(conv));
  plan.groups = conv.attr_int("group", 1);
  if (plan.groups < 1) return sdk::invalid_model(plan.node, ": group is ", plan.groups, ", expected 1 or more");
  if (conv.input(2)) plan.b = 2;
  return plan;
}

sdk::Result<ConvKernel::Call> ConvKernel::prepare(sdk::RunContext& run) const {
  const sdk::TensorView x = run.input(plan_.x);
  const sdk::TensorView w = run.input(plan_.w);
  if (x.rank() < 3 || x.rank() > 4 || w.rank() != x.rank())
    return sdk::unsupported(plan_.node, ": input X has rank ", x.rank(), " and W rank ", w.rank(),
                            ", expected 3 or 4 for both");
  Call call;
  call.images = x.dim(0);
  call.channels = x.dim(1);
  call.outputs = w.dim(0);
  if (w.dim(1) > call.channels || w.dim(1) * plan_.groups != call.channels || call.outputs % plan_.groups != 0)
    return sdk::invalid_model(plan_.node, ": weight ", sdk::shape_text(w.shape()), " with group ", plan_.groups,
                              " does not fit input ", sdk::shape_text(x.shape()),
                              ": the weight is M x C/group x kernel, M a multiple of group");
  const size_t spatial = static_cast<size_t>(x.rank()) - 2;
  TN_ASSIGN_OR_RETURN(call.window,
                      plan_.window.resolve(plan_.node, x.shape().subspan(2, spatial), w.shape().subspan(2, spatial)));
  call.in_pixels = call.window.h.in * call.window.w.in;
  call.group_channels = w.dim(1);
  call.group_outputs = call.outputs / plan_.groups;
  call.k = call.group_channels * call.window.h.kernel * call.window.w.kernel;
  call.x = x.data<float>();
  call.w = w.data<float>();
  if (!plan_.shift.empty()) {
    call.shift = plan_.shift.data();
  } else if (plan_.b >= 0) {
    call.shift = run.input(static_cast<uint32_t>(plan_.b)).data<float>();
  }
  const int64_t shifts = !plan_.shift.empty() ? static_cast<int64_t>(plan_.shift.size())
                         : plan_.b >= 0       ? run.input(static_cast<uint32_t>(plan_.b)).count()
                                              : call.outputs;
  if (shifts != call.outputs)
    return sdk::invalid_model(plan_.node, ": a bias or scale of ", shifts, " elements, expected M, ", call.outputs);
  return call;
}

sdk::Status ConvKernel::run(sdk::RunContext& run) const {
  TN_ASSIGN_OR_RETURN(Call call, prepare(run));
  sdk::Shape shape{call.images, call.outputs, call.window.h.out, call.window.w.out};
  if (run.input(plan_.x).rank() == 3) shape = {call.images, call.outputs, call.window.w.out};
  if (plan_.residual < 0 || run.input(static_cast<uint32_t>(plan_.residual)).shape().size() == shape.size()) {
    const sdk::TensorView r = plan_.residual < 0 ? sdk::TensorView() : run.input(static_cast<uint32_t>(plan_.residual));
    if (plan_.residual < 0 || std::equal(shape.begin(), shape.end(), r.shape().begin())) {
      TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, TN_FLOAT, shape));
      call.out_pixels = call.window.h.out * call.window.w.out;
      call.y = y.data<float>();
      call.residual = plan_.residual < 0 ? nullptr : r.data<float>();
      call.activation = plan_.activation;
      return convolve(run, call);
    }
  }
  // The residual broadcasts against the result: add it apart.
  const sdk::TensorView r = run.input(static_cast<uint32_t>(plan_.residual));
  TN_ASSIGN_OR_RETURN(const sdk::Shape sum_shape, broadcast_shape(plan_.node, shape, r.shape()));
  TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, TN_FLOAT, sum_shape));
  TN_ASSIGN_OR_RETURN(call.y, run.scratch<float>(static_cast<size_t>(sdk::element_count(shape))));
  call.out_pixels = call.window.h.out * call.window.w.out;
  TN_RETURN_IF_ERROR(convolve(run, call));
  broadcast_binary(run, simd::Binary::kAdd, {call.y, shape}, {r.data<float>(), r.shape()}, y.data<float>());
  parallel_unary(run, plan_.activation, y.data<float>(), y.data<float>(), y.count());
  return {};
}

sdk::Status ConvKernel::convolve(sdk::RunContext& run, const Call& call) const {
  if (call.images == 0 || call.outputs == 0 || call.out_pixels == 0) return {};
  if (call.group_channels == 1 && plan_.groups > 1) return run_depthwise(run, call);
  if (call.in_pixels > INT_MAX)
    return sdk::unsupported(plan_.node, ": an image of ", call.in_pixels, " pixels, expected less than 2^31");
  return run_stripes(run, call);
}

namespace {

/// Unfolds the pixels [begin, end) of the channels [channel_begin, channel_end) of one group into panels that lie one
/// after the other, each k x panel_width(). `segments` is room for one plan.
template <typename Call>
void unfold_panels(const Call& call, const float* image, int64_t begin, int64_t end, int64_t channel_begin,
                   int64_t channel_end, simd::Segment* segments, float* panels) {
  const int64_t width = simd::panel_width();
  const int64_t block = call.window.h.kernel * call.window.w.kernel * width;
  for (int64_t p = begin; p < end; p += width, panels += call.k * width) {
    const int64_t count = plan_unfold(call.window, p, std::min(p + width, end), width, segments);
    simd::unfold_channels(segments, count, image + channel_begin * call.in_pixels, call.in_pixels, call.window.w.stride,
                          channel_end - channel_begin, panels + channel_begin * block, block);
  }
}

/// Computes the rows [row_begin, row_end) of the pixels [begin, end) of item (image, group) from their panels.
template <typename Call>
void multiply_panels(const Call& call, const std::vector<float>& scale, int64_t groups, int64_t item, int64_t row_begin,
                     int64_t row_end, int64_t begin, int64_t end, const float* panels) {
  constexpr float kMost = std::numeric_limits<float>::infinity();
  const int64_t width = simd::panel_width();
  const int64_t first = item % groups * call.group_outputs;  // of the group's output channels
  simd::PanelProduct p{};
  p.low = call.activation.function == simd::Unary::kIdentity ? -kMost : call.activation.low;
  p.high = call.activation.function == simd::Unary::kClip ? call.activation.high : kMost;
  p.a_stride = call.k;
  p.panel_stride = width;
  p.c_stride = p.residual_stride = call.out_pixels;
  p.alpha = 1;
  for (int64_t k = 0; k < std::max<int64_t>(call.k, 1); k += kDepth) {
    p.depth = std::min(kDepth, call.k - k);
    p.accumulate = k > 0;
    p.finish = k + p.depth == call.k;
    for (int64_t row = row_begin; row < row_end; row += kRowBlock) {
      p.rows = std::min(kRowBlock, row_end - row);
      p.a = call.w + (first + row) * call.k + k;
      p.scale = scale.empty() ? nullptr : scale.data() + first + row;
      p.shift = call.shift != nullptr ? call.shift + first + row : nullptr;
      const int64_t plane = (item / groups * call.outputs + first + row) * call.out_pixels;
      for (int64_t at = begin; at < end; at += width) {
        p.columns = std::min(width, end - at);
        p.panel = panels + (at - begin) / width * call.k * width + k * width;
        p.c = call.y + plane + at;
        p.residual = call.residual != nullptr ? call.residual + plane + at : nullptr;
        simd::multiply_panel(p);
      }
    }
  }
}

}  // namespace

sdk::Status ConvKernel::run_stripes(sdk::RunContext& run, const Call& call) const {
  const int64_t workers = run.max_workers();
  const int64_t items = call.images * plan_.groups;
  const int64_t width = simd::panel_width();
  const int64_t most = std::max<int64_t>(1, kPassElements / (std::max<int64_t>(1, std::min(call.k, kDepth)) * width));
  int64_t stripes = ceil_div(call.out_pixels, most * width);
  stripes = ceil_div(ceil_div(items * stripes, workers) * workers, items);  // as many for each thread
  // Whole vectors, so that stripes differ by one at most.
  const int64_t stripe = ceil_div(ceil_div(call.out_pixels, stripes), width / 4) * (width / 4);
  stripes = ceil_div(call.out_pixels, stripe);
  if (items * stripes < workers || (workers > 1 && call.out_pixels <= 2 * width)) return run_shared(run, call);
  const size_t room = unfold_segments(call.window, width);
  const int64_t panels_size = ceil_div(stripe, width) * width * call.k;
  TN_ASSIGN_OR_RETURN(float* panels, run.scratch<float>(static_cast<size_t>(workers * panels_size)));
  TN_ASSIGN_OR_RETURN(simd::Segment * segments, run.scratch<simd::Segment>(static_cast<size_t>(workers) * room));
  run.parallel_for(items * stripes, product_cost_ns(call.group_outputs, stripe, call.k),
                   [&](uint32_t worker, int64_t begin, int64_t end) {
                     float* mine = panels + worker * panels_size;
                     for (int64_t task = begin; task < end; ++task) {
                       const int64_t item = task / stripes;
                       const int64_t first = task % stripes * stripe;
                       const int64_t last = std::min(first + stripe, call.out_pixels);
                       unfold_panels(call, call.x + item * call.group_channels * call.in_pixels, first, last, 0,
                                     call.group_channels, segments + worker * room, mine);
                       multiply_panels(call, plan_.scale, plan_.groups, item, 0, call.group_outputs, first, last, mine);
                     }
                   });
  return {};
}

/// For images of few pixels: all threads unfold together, then divide the output channels.
sdk::Status ConvKernel::run_shared(sdk::RunContext& run, const Call& call) const {
  const int64_t width = simd::panel_width();
  const size_t room = unfold_segments(call.window, width);
  const int64_t rows = std::max<int64_t>(24, ceil_div(call.group_outputs, 4 * run.max_workers() * 6) * 6);
  TN_ASSIGN_OR_RETURN(float* panels,
                      run.scratch<float>(static_cast<size_t>(ceil_div(call.out_pixels, width) * width * call.k)));
  TN_ASSIGN_OR_RETURN(simd::Segment * segments, run.scratch<simd::Segment>(run.max_workers() * room));
  for (int64_t item = 0; item < call.images * plan_.groups; ++item) {
    const float* image = call.x + item * call.group_channels * call.in_pixels;
    const double cost = static_cast<double>(call.out_pixels * call.window.h.kernel * call.window.w.kernel) / 4;
    run.parallel_for(call.group_channels, cost, [&](uint32_t worker, int64_t begin, int64_t end) {
      unfold_panels(call, image, 0, call.out_pixels, begin, end, segments + worker * room, panels);
    });
    run.parallel_for(ceil_div(call.group_outputs, rows), product_cost_ns(rows, call.out_pixels, call.k),
                     [&](int64_t begin, int64_t end) {
                       multiply_panels(call, plan_.scale, plan_.groups, item, begin * rows,
                                       std::min(end * rows, call.group_outputs), 0, call.out_pixels, panels);
                     });
  }
  return {};
}

sdk::Status ConvKernel::run_depthwise(sdk::RunContext& run, const Call& call) const {
  const WindowAxis& h = call.window.h;
  const WindowAxis& w = call.window.w;
  const double cost = static_cast<double>(call.out_pixels) * static_cast<double>(h.kernel * w.kernel) / 8.0;
  run.parallel_for(call.images * call.outputs, cost, [&](int64_t begin, int64_t end) {
    for (int64_t plane = begin; plane < end; ++plane) {
      const int64_t output = plane % call.outputs;
      const int64_t channel = plane / call.outputs * call.channels + output / call.group_outputs;
      const float* image = call.x + channel * call.in_pixels;
      float* out = call.y + plane * call.out_pixels;
      std::fill(out, out + call.out_pixels, 0.0f);
      for (int64_t tap = 0; tap < call.k; ++tap) {
        const int64_t kh = tap / w.kernel, kw = tap % w.kernel;
        const WindowAxis::Range rows = h.inside(kh), columns = w.inside(kw);
        if (columns.begin >= columns.end) continue;
        const float weight = call.w[output * call.k + tap];
        for (int64_t oh = rows.begin; oh < rows.end; ++oh)
          simd::multiply_add_strided(image + h.input_of(oh, kh) * w.in + w.input_of(columns.begin, kw), w.stride,
                                     weight, out + oh * w.out + columns.begin, columns.end - columns.begin);
      }
      const float zero = 0;
      simd::finish_row(out, plan_.scale.empty() ? 1.0f : plan_.scale[static_cast<size_t>(output)],
                       call.shift != nullptr ? call.shift + output : &zero, 0,
                       call.residual != nullptr ? call.residual + plane * call.out_pixels : nullptr, call.activation,
                       call.out_pixels);
    }
  });
  return {};
}

}  // namespace tenon::cpu_blas
