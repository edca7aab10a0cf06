// ConvTranspose over one or two spatial dimensions, phase by phase: see conv/phases.h. The weight, C x M/group x KH x
// KW, is packed as the weights of the phases, each M x C/group x its taps; so constant ones are while the session
// opens. Scratch: the phases of one image, which are put together last, and what the convolutions need.
#include <algorithm>
#include <climits>

#include "conv/channels_last/last_conv_transpose_kernel.h"
#include "conv/conv_call.h"
#include "conv/phases.h"
#include "simd/resize.h"

namespace tenon::cpu_blas {
namespace {

constexpr int64_t kMostStride = 64;  // phases by the thousand are for who spreads X instead

/// The sizes of a weight, and the axes that say which of its taps belong together.
struct Weight {
  int64_t channels, group_outputs, groups;
  Window2d axes;  // kernel, stride and dilation count

  int64_t outputs() const { return group_outputs * groups; }
  int64_t taps() const { return axes.h.kernel * axes.w.kernel; }
};

/// Calls body(class of h, class of w, floats before) for each of the packed weights, in their order.
template <typename Body>
void for_each_class(const Weight& w, const Body& body) {
  const std::vector<TapClass> rows = tap_classes(w.axes.h), columns = tap_classes(w.axes.w);
  int64_t at = 0;
  for (size_t h = 0; h < rows.size(); ++h)
    for (size_t c = 0; c < columns.size(); ++c) {
      body(h, c, at);
      at += w.group_outputs * w.channels * rows[h].count * columns[c].count;
    }
}

/// `from`: C x M/group x KH x KW. As many floats.
void pack_weight(const Weight& w, const float* from, float* to) {
  const std::vector<TapClass> rows = tap_classes(w.axes.h), columns = tap_classes(w.axes.w);
  const int64_t depth = w.channels / w.groups;
  for_each_class(w, [&](size_t row, size_t column, int64_t at) {
    const TapClass &h = rows[row], &v = columns[column];
    float* next = to + at;
    for (int64_t m = 0; m < w.outputs(); ++m)
      for (int64_t c = 0; c < depth; ++c) {
        const int64_t channel = m / w.group_outputs * depth + c;
        const float* const taps = from + (channel * w.group_outputs + m % w.group_outputs) * w.taps();
        for (int64_t i = h.count; i-- > 0;)
          for (int64_t j = v.count; j-- > 0;)
            *next++ = taps[(h.first + i * h.step) * w.axes.w.kernel + v.first + j * v.step];
      }
  });
}

/// Puts the rows of phases that differ in their columns alone to their places in a plane of Y; `from[j]` are the
/// j-th's.
void place_phases(const Window2d& axes, const Phase* phases, size_t count, const float** from, float* y) {
  const AxisPhase& h = phases[0].h;
  const int64_t least = phases[count - 1].w.window.out;
  for (int64_t row = 0; row < h.window.out; ++row) {
    float* const to = y + (h.first + row * axes.h.stride) * axes.w.in;
    simd::interleave_rows(from, static_cast<int64_t>(count), least, to);
    for (size_t j = 0; j < count; ++j) {
      const int64_t columns = phases[j].w.window.out;
      if (columns > least) to[least * axes.w.stride + phases[j].w.first] = from[j][least];
      from[j] += columns;
    }
  }
}

class ConvTranspose final : public sdk::Kernel {
 public:
  ConvTranspose(std::string node, sdk::TransposedAttributes attributes, int64_t groups)
      : node_(std::move(node)), attributes_(std::move(attributes)), groups_(groups) {}

  /// W is a constant of those sizes.
  void pack_constant(const Weight& weight) { weight_ = weight, packs_ = true; }

  uint32_t pack_count() const override { return packs_ ? 1 : 0; }
  sdk::Result<sdk::PackPlan> pack_plan(uint32_t) override {
    sdk::PackPlan plan;
    plan.byte_length = static_cast<uint64_t>(weight_.channels * weight_.group_outputs * weight_.taps()) * sizeof(float);
    const WindowAxis &h = weight_.axes.h, &w = weight_.axes.w;
    plan.key = sdk::concat("cpu_blas.conv_transpose/1 group=", groups_, " strides=", h.stride, ",", w.stride,
                           " dilations=", h.dilation, ",", w.dilation);
    plan.inputs = {1};
    return plan;
  }
  sdk::Status pack(uint32_t, sdk::PackContext& pack) const override {
    pack_weight(weight_, pack.source(0).data<float>(), static_cast<float*>(pack.blob()));
    return {};
  }
  sdk::Status bind_pack(uint32_t, const void* blob, uint64_t) override {
    packed_ = static_cast<const float*>(blob);
    return {};
  }

  sdk::Status run(sdk::RunContext& run) const override;

 private:
  sdk::Status check_inputs(sdk::RunContext& run) const;
  sdk::Status convolve_image(sdk::RunContext& run, const Weight& weight, const float* packed, const float* x,
                             float* phases, float* y) const;

  std::string node_;
  sdk::TransposedAttributes attributes_;
  int64_t groups_;
  Weight weight_{};
  bool packs_ = false;
  const float* packed_ = nullptr;
};

sdk::Status ConvTranspose::check_inputs(sdk::RunContext& run) const {
  const sdk::TensorView x = run.input(0), w = run.input(1);
  if (x.rank() < 3 || x.rank() > 4)
    return sdk::unsupported(node_, ": input X has rank ", x.rank(), ", expected 3 or 4 here: cpu_ref has more");
  if (w.rank() != x.rank() || w.dim(0) != x.dim(1))
    return sdk::invalid_argument("input W has shape ", sdk::shape_text(w.shape()), ", expected rank ", x.rank(),
                                 " and first dimension ", x.dim(1), " as the channels of X: C x M/group x kernel axes");
  if (groups_ < 1 || x.dim(1) % groups_ != 0)
    return sdk::invalid_argument("group is ", groups_, ", expected a divisor of the ", x.dim(1), " channels");
  int64_t filters;
  if (__builtin_mul_overflow(w.dim(1), groups_, &filters))
    return sdk::invalid_argument("the size ", w.dim(1), " x ", groups_, " is too large, expected one of 64 bits");
  if (run.has_input(2) && (run.input(2).rank() != 1 || run.input(2).dim(0) != filters))
    return sdk::invalid_argument("input B has shape ", sdk::shape_text(run.input(2).shape()), ", expected ", filters,
                                 ", a value per filter");
  return {};
}

/// The axes of one or two spatial dimensions, the last one as columns.
Window2d window_of(const std::vector<WindowAxis>& axes) {
  Window2d window;
  if (axes.size() == 2) window.h = axes[0];
  window.w = axes.back();
  return window;
}

sdk::Status ConvTranspose::run(sdk::RunContext& run) const {
  TN_RETURN_IF_ERROR(check_inputs(run));
  const sdk::TensorView x = run.input(0), w = run.input(1);
  const size_t spatial = x.shape().size() - 2;
  TN_ASSIGN_OR_RETURN(const std::vector<WindowAxis> axes,
                      attributes_.resolve(x.shape().subspan(2, spatial), w.shape().subspan(2, spatial)));
  const Weight weight{x.dim(1), w.dim(1), groups_, window_of(axes)};
  sdk::Shape shape{x.dim(0), weight.outputs()};
  for (const WindowAxis& axis : axes) shape.push_back(axis.in);
  TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_FLOAT, shape));
  if (y.count() == 0) return {};
  const Window2d& window = weight.axes;
  const int64_t in_pixels = window.h.out * window.w.out, image = y.count() / x.dim(0);
  if (in_pixels > INT_MAX || window.h.in * window.w.in > INT_MAX)
    return sdk::unsupported(node_, ": planes of ", in_pixels, " pixels, expected less than 2^31");
  run.count_products(weight.channels, in_pixels, weight.group_outputs * weight.taps(), x.dim(0));
  const float* packed = packed_;
  if (packed == nullptr) {
    TN_ASSIGN_OR_RETURN(float* const room, run.scratch<float>(static_cast<size_t>(w.count())));
    pack_weight(weight, w.data<float>(), room);
    packed = room;
  }
  const bool is_whole = window.h.stride == 1 && window.w.stride == 1;  // one phase, which is Y
  TN_ASSIGN_OR_RETURN(float* const phases, run.scratch<float>(is_whole ? 0 : static_cast<size_t>(image)));
  for (int64_t n = 0; n < x.dim(0) && !run.cancelled(); ++n)
    TN_RETURN_IF_ERROR(convolve_image(run, weight, packed, x.data<float>() + n * weight.channels * in_pixels,
                                      is_whole ? y.data<float>() + n * image : phases, y.data<float>() + n * image));
  return {};
}

sdk::Status ConvTranspose::convolve_image(sdk::RunContext& run, const Weight& weight, const float* packed,
                                          const float* x, float* phases, float* y) const {
  const std::vector<Phase> all = phases_of(weight.axes);
  const int64_t outputs = weight.outputs();
  const float* const bias = run.has_input(2) ? run.input(2).data<float>() : nullptr;
  std::vector<int64_t> starts;
  int64_t start = 0;
  for (const Phase& phase : all) {
    starts.push_back(start);
    ConvCall call;
    call.window = {phase.h.window, phase.w.window};
    call.groups = weight.groups;
    call.images = 1, call.channels = weight.channels, call.outputs = outputs;
    call.in_pixels = weight.axes.h.out * weight.axes.w.out, call.out_pixels = phase.pixels();
    call.group_channels = weight.channels / weight.groups, call.group_outputs = weight.group_outputs;
    call.k = call.group_channels * phase.taps();
    call.x = x;
    call.y = phases + start;
    call.shift = bias;
    start += outputs * phase.pixels();
    if (call.k == 0 || call.in_pixels == 0) {
      for (int64_t m = 0; m < outputs; ++m)
        std::fill_n(call.y + m * phase.pixels(), phase.pixels(), bias == nullptr ? 0.0f : bias[m]);
      continue;
    }
    for_each_class(weight, [&](size_t h, size_t w, int64_t at) {
      if (h == phase.h.taps_of && w == phase.w.taps_of) call.w = packed + at;
    });
    TN_RETURN_IF_ERROR(call.group_channels == 1 && call.groups > 1 ? convolve_depthwise(run, call)
                                                                   : convolve_panels(run, call));
  }
  if (phases == y) return {};
  const int64_t plane = weight.axes.h.in * weight.axes.w.in;
  // With fewer columns than the stride there is one of each phase, and they are neighbours, too.
  const auto columns = static_cast<size_t>(std::min(weight.axes.w.stride, weight.axes.w.in));
  run.parallel_for(outputs, static_cast<double>(plane), [&](int64_t begin, int64_t end) {
    const float* from[kMostStride];
    for (int64_t m = begin; m < end; ++m)
      for (size_t first = 0; first < all.size(); first += columns) {
        for (size_t j = 0; j < columns; ++j) from[j] = phases + starts[first + j] + m * all[first + j].pixels();
        place_phases(weight.axes, &all[first], columns, from, y + m * plane);
      }
  });
  return {};
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_conv_transpose(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(sdk::TransposedAttributes attributes, sdk::TransposedAttributes::parse(info));
  const sdk::TensorView w = info.input(1).info();
  if (!w.has_rank() || w.rank() < 3 || w.rank() > 4)
    return sdk::unsupported(describe(info), ": W is not known to have rank 3 or 4, which cpu_ref does without");
  for (const int64_t stride : attributes.window.strides)
    if (stride > kMostStride)
      return sdk::unsupported(describe(info), ": a stride of ", stride, ", expected ", kMostStride,
                              " or less here: cpu_ref has more");
  const int64_t groups = info.attr_int("group");
  auto kernel = std::make_unique<ConvTranspose>(describe(info), attributes, groups);
  bool packs = w.is_constant() && w.dtype() == TN_FLOAT && groups >= 1;
  for (const int64_t d : w.shape()) packs = packs && d >= 1;
  if (!packs || w.dim(0) % groups != 0) return sdk::KernelPtr(std::move(kernel));
  // Only kernel, stride and dilation are looked at, which no input changes.
  const size_t spatial = w.shape().size() - 2;
  if (!attributes.check_rank(spatial).is_ok()) return sdk::KernelPtr(std::move(kernel));
  std::vector<WindowAxis> axes;
  for (size_t a = 0; a < spatial; ++a) {
    const auto axis = attributes.window.unpadded(a, 0, w.dim(static_cast<int64_t>(a) + 2));
    if (!axis.is_ok()) return sdk::KernelPtr(std::move(kernel));
    axes.push_back(axis.value());
  }
  kernel->pack_constant({w.dim(0), w.dim(1), groups, window_of(axes)});
  return sdk::KernelPtr(std::move(kernel));
}

sdk::Result<sdk::KernelPtr> make_conv_transpose_last(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(ConvPlan plan, ConvPlan::parse(info));
  return LastConvTransposeKernel::create(info, std::move(plan));
}

}  // namespace tenon::cpu_blas
