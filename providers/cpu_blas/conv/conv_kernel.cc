// Convolution as matrix products: the weight (M/groups x C/groups * KH * KW) times the columns that im2col unfolds
// from the image, a stripe of output pixels at a time; a 1x1 convolution multiplies the image as it is. Depthwise
// convolution is direct. The kernel keeps no state; scratch stays below a few megabytes a thread.
#include "conv/conv_kernel.h"

#include <algorithm>

#include "broadcast.h"
#include "conv/im2col.h"
#include "simd/rows.h"

namespace tenon::cpu_blas {
namespace {

constexpr int64_t kStripeElements = 256 * 1024;  // of unfolded columns: a megabyte, the size of an L2 cache
constexpr int64_t kLeastStripe = 64;             // pixels; below, copying the weight for each product costs too much

int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
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
  if (w.has_rank() && w.rank() > 4)
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
  if (call.window.is_pointwise()) return run_pointwise(run, call);
  return run_unfolded(run, call);
}

namespace {

/// The product of group `group` of image `image`, without its B operand.
template <typename Call>
Gemm group_product(const Call& call, int64_t image, int64_t group) {
  Gemm g;
  g.m = call.group_outputs;
  g.n = call.out_pixels;
  g.k = call.k;
  g.a = call.w + group * call.group_outputs * call.k;
  g.lda = call.k;
  g.ldb = call.out_pixels;
  g.c = call.y + (image * call.outputs + group * call.group_outputs) * call.out_pixels;
  g.ldc = call.out_pixels;
  return g;
}

template <typename Call>
Epilogue group_epilogue(const Call& call, const std::vector<float>& scale, int64_t image, int64_t group) {
  const int64_t first = group * call.group_outputs;
  Epilogue e;
  if (!scale.empty()) e.row_scale = scale.data() + first;
  if (call.shift != nullptr) e.row_shift = call.shift + first;
  if (call.residual != nullptr) e.residual = call.residual + (image * call.outputs + first) * call.out_pixels;
  e.residual_stride = call.out_pixels;
  e.activation = call.activation;
  return e;
}

}  // namespace

sdk::Status ConvKernel::run_pointwise(sdk::RunContext& run, const Call& call) const {
  const auto product = [&](int64_t item) {
    Gemm g = group_product(call, item / plan_.groups, item % plan_.groups);
    g.b = call.x + item * call.group_channels * call.in_pixels;
    return g;
  };
  const int64_t items = call.images * plan_.groups;
  TN_RETURN_IF_ERROR(check_gemm(plan_.node, product(0)));
  if (items < run.max_workers()) {
    for (int64_t i = 0; i < items; ++i)
      gemm(run, product(i), group_epilogue(call, plan_.scale, i / plan_.groups, i % plan_.groups));
    return {};
  }
  run.parallel_for(items, gemm_cost_ns(call.group_outputs, call.out_pixels, call.k), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      gemm_tile(product(i), group_epilogue(call, plan_.scale, i / plan_.groups, i % plan_.groups), 0,
                call.group_outputs, 0, call.out_pixels);
  });
  return {};
}

sdk::Status ConvKernel::run_unfolded(sdk::RunContext& run, const Call& call) const {
  const int64_t workers = run.max_workers();
  const int64_t items = call.images * plan_.groups;
  int64_t stripe = std::max(kLeastStripe, kStripeElements / std::max<int64_t>(call.k, 1));
  int64_t stripes = ceil_div(call.out_pixels, stripe);
  if (items * stripes < workers) return run_unfolded_once(run, call);
  stripes = ceil_div(items * stripes, workers) * workers / items;  // even work for all
  stripe = ceil_div(ceil_div(call.out_pixels, std::max<int64_t>(stripes, 1)), 16) * 16;
  stripes = ceil_div(call.out_pixels, stripe);
  TN_ASSIGN_OR_RETURN(float* columns, run.scratch<float>(static_cast<size_t>(workers * call.k * stripe)));
  TN_RETURN_IF_ERROR(check_gemm(plan_.node, group_product(call, 0, 0)));
  run.parallel_for(items * stripes, gemm_cost_ns(call.group_outputs, stripe, call.k),
                   [&](uint32_t worker, int64_t begin, int64_t end) {
                     float* mine = columns + worker * call.k * stripe;
                     for (int64_t task = begin; task < end; ++task) {
                       const int64_t item = task / stripes;
                       const int64_t first = task % stripes * stripe;
                       const int64_t last = std::min(first + stripe, call.out_pixels);
                       im2col(call.window, call.x + item * call.group_channels * call.in_pixels, 0, call.k, first, last,
                              mine, stripe);
                       const int64_t image = item / plan_.groups, group = item % plan_.groups;
                       Gemm g = group_product(call, image, group);
                       Epilogue e = group_epilogue(call, plan_.scale, image, group);
                       g.b = mine;
                       g.ldb = stripe;
                       g.c += first;
                       if (e.residual != nullptr) e.residual += first;
                       gemm_tile(g, e, 0, g.m, 0, last - first);
                     }
                   });
  return {};
}

sdk::Status ConvKernel::run_unfolded_once(sdk::RunContext& run, const Call& call) const {
  TN_ASSIGN_OR_RETURN(float* columns, run.scratch<float>(static_cast<size_t>(call.k * call.out_pixels)));
  for (int64_t item = 0; item < call.images * plan_.groups; ++item) {
    const float* image = call.x + item * call.group_channels * call.in_pixels;
    run.parallel_for(call.k, static_cast<double>(call.out_pixels) / 2.0, [&](int64_t begin, int64_t end) {
      im2col(call.window, image, begin, end, 0, call.out_pixels, columns + begin * call.out_pixels, call.out_pixels);
    });
    Gemm g = group_product(call, item / plan_.groups, item % plan_.groups);
    g.b = columns;
    TN_RETURN_IF_ERROR(check_gemm(plan_.node, g));
    gemm(run, g, group_epilogue(call, plan_.scale, item / plan_.groups, item % plan_.groups));
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
      for (int64_t kh = 0; kh < h.kernel; ++kh) {
        const WindowAxis::Range rows = h.inside(kh);
        for (int64_t oh = rows.begin; oh < rows.end; ++oh) {
          for (int64_t kw = 0; kw < w.kernel; ++kw) {
            const WindowAxis::Range columns = w.inside(kw);
            if (columns.begin >= columns.end) continue;
            simd::multiply_add_strided(image + h.input_of(oh, kh) * w.in + w.input_of(columns.begin, kw), w.stride,
                                       call.w[output * call.k + kh * w.kernel + kw], out + oh * w.out + columns.begin,
                                       columns.end - columns.begin);
          }
        }
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
