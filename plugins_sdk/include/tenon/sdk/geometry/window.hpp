// Sliding windows of convolutions and poolings: what their attributes mean, how often a window fits, where its padding
// goes. Host rules and providers read it here, so that they cannot disagree. Pure functions; sizes may be hostile.
#pragma once

#include <algorithm>
#include <string>
#include <tenon/sdk/span.hpp>
#include <tenon/sdk/status.hpp>
#include <vector>

namespace tenon::sdk {
inline namespace TENON_SDK_VERSION {

enum class AutoPad { kNotSet, kValid, kSameUpper, kSameLower };

/// The empty name is how some exporters write the default. TN_INVALID_MODEL for any name that the standard has not.
inline Result<AutoPad> parse_auto_pad(std::string_view name) {
  if (name.empty() || name == "NOTSET") return AutoPad::kNotSet;
  if (name == "VALID") return AutoPad::kValid;
  if (name == "SAME_UPPER") return AutoPad::kSameUpper;
  if (name == "SAME_LOWER") return AutoPad::kSameLower;
  return invalid_model("attribute 'auto_pad' is '", name, "', expected NOTSET, VALID, SAME_UPPER or SAME_LOWER");
}

/// One spatial axis: output o and kernel position k meet at input o * stride + k * dilation - pad_begin.
struct WindowAxis {
  int64_t in = 1;
  int64_t out = 1;
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t pad_begin = 0;
  int64_t pad_end = 0;

  /// How many elements the window spans.
  int64_t extent() const { return (kernel - 1) * dilation + 1; }
  int64_t input_of(int64_t output, int64_t k) const { return output * stride + k * dilation - pad_begin; }
  /// The outputs [begin, end) whose input at kernel position k lies inside the input.
  struct Range {
    int64_t begin, end;
  };
  Range inside(int64_t k) const {
    const int64_t offset = k * dilation - pad_begin;
    const int64_t first = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
    const int64_t last = in - 1 - offset < 0 ? 0 : (in - 1 - offset) / stride + 1;
    const int64_t end = last < out ? last : out;
    return {first < end ? first : end, end};
  }
  /// The kernel positions [begin, end) of the window of `output` that lie on inputs of [low, high), which may reach
  /// into padding; begin is end where there are none.
  Range taps_on(int64_t output, int64_t low, int64_t high) const {
    const int64_t start = input_of(output, 0);
    const int64_t first = start >= low ? 0 : (low - start + dilation - 1) / dilation;
    const int64_t last = start >= high ? 0 : (high - start - 1) / dilation + 1;
    const int64_t end = last < kernel ? last : kernel;
    return {first < end ? first : end, end};
  }
  /// How many those are.
  int64_t taps_between(int64_t output, int64_t low, int64_t high) const {
    const Range taps = taps_on(output, low, high);
    return taps.end - taps.begin;
  }
  /// The first kernel position from k on that meets the input for some output; `kernel` when there is none. Its time
  /// grows with `out` at most: a kernel may be huge, and most of it over padding.
  int64_t next_inside(int64_t k) const {
    if (in < 1 || out < 1) return kernel;
    while (k < kernel) {
      const int64_t offset = k * dilation - pad_begin;
      if (offset >= in) return kernel;
      // The last output whose input does not lie behind the end: before the beginning it lies for all others, too.
      const int64_t last = (in - 1 - offset) / stride;
      const int64_t at = offset + (last < out ? last : out - 1) * stride;
      if (at >= 0) return k;
      k += (-at + dilation - 1) / dilation;
    }
    return kernel;
  }
};

/// The attributes that windowed operators share. An empty list stands for its default.
struct WindowAttributes {
  /// Of any attribute: the extent of a window then stays in 64 bits.
  static constexpr int64_t kLargest = INT32_MAX;

  Shape kernel, strides, dilations, pads;
  AutoPad auto_pad = AutoPad::kNotSet;
  bool ceil_mode = false;

  /// `node` has the attribute getters of NodeView. The lists are as long as the model has them until check_rank() has
  /// passed: index none of them before. TN_INVALID_MODEL when a value is none that the standard allows.
  template <typename Node>
  static Result<WindowAttributes> parse(const Node& node) {
    WindowAttributes a;
    TN_ASSIGN_OR_RETURN(a.auto_pad, parse_auto_pad(node.attr_string("auto_pad")));
    a.kernel = node.attr_ints("kernel_shape");
    a.strides = node.attr_ints("strides");
    a.dilations = node.attr_ints("dilations");
    a.pads = node.attr_ints("pads");
    a.ceil_mode = node.attr_int("ceil_mode") != 0;
    TN_RETURN_IF_ERROR(check_range("kernel_shape", a.kernel, 1));
    TN_RETURN_IF_ERROR(check_range("strides", a.strides, 1));
    TN_RETURN_IF_ERROR(check_range("dilations", a.dilations, 1));
    TN_RETURN_IF_ERROR(check_range("pads", a.pads, 0));
    return a;
  }

  /// Of a convolution, which takes padding from one of its attributes. Poolings of many models have both, and there
  /// auto_pad counts.
  template <typename Node>
  static Result<WindowAttributes> parse_convolution(const Node& node) {
    TN_ASSIGN_OR_RETURN(WindowAttributes a, parse(node));
    if (a.auto_pad == AutoPad::kNotSet || a.pads.empty()) return a;
    return invalid_model("attributes 'auto_pad' and 'pads' are both given, expected one of them");
  }

  bool is_same() const { return auto_pad == AutoPad::kSameUpper || auto_pad == AutoPad::kSameLower; }

  /// There is an axis, and each list that is given has a number per axis; pads has two.
  Status check_rank(size_t rank) const {
    if (rank == 0) return invalid_model("the input has no spatial axis, expected N x C x D1 x ... x Dn");
    TN_RETURN_IF_ERROR(check_count("kernel_shape", kernel, rank));
    TN_RETURN_IF_ERROR(check_count("strides", strides, rank));
    TN_RETURN_IF_ERROR(check_count("dilations", dilations, rank));
    return check_count("pads", pads, 2 * rank);
  }

  /// Axis a of `rank` over `in` elements. With ceil_mode a window that only partly fits counts too, and none that would
  /// start in the padding at the end. check_rank(rank) must have passed.
  Result<WindowAxis> fit(size_t a, size_t rank, int64_t in, int64_t kernel_size) const {
    TN_ASSIGN_OR_RETURN(WindowAxis axis, unpadded(a, in, kernel_size));
    if (is_same()) {
      axis.out = in == 0 ? 0 : (in - 1) / axis.stride + 1;
      const int64_t covered = std::max<int64_t>(axis.out - 1, 0) * axis.stride - in;  // negative: no overflow below
      const int64_t total = std::max<int64_t>(covered + axis.extent(), 0);
      axis.pad_begin = auto_pad == AutoPad::kSameUpper ? total / 2 : total - total / 2;
      axis.pad_end = total - axis.pad_begin;
      return axis;
    }
    take_pads(a, rank, &axis);
    int64_t padded;
    if (__builtin_add_overflow(in, axis.pad_begin + axis.pad_end, &padded))
      return invalid_model("spatial axis ", a, " of size ", in, " is too large with its padding");
    const int64_t room = padded - axis.extent();
    if (room < 0)
      return invalid_model("the kernel is ", axis.extent(), " wide along spatial axis ", a,
                           ", dilation included, but the input has only ", in, " with pads ", axis.pad_begin, " and ",
                           axis.pad_end, ": use a smaller kernel or more padding");
    axis.out = room / axis.stride + 1;
    if (ceil_mode) {
      const int64_t starts = in + axis.pad_begin;
      axis.out = std::min(axis.out + (room % axis.stride != 0), starts / axis.stride + (starts % axis.stride != 0));
    }
    return axis;
  }

  /// Every axis of a window over `input` (spatial axes only), with counts of taps and outputs that fit.
  Result<std::vector<WindowAxis>> resolve(ShapeView input, ShapeView kernel_sizes) const {
    const size_t rank = input.size();
    TN_RETURN_IF_ERROR(check_kernel(rank, kernel_sizes));
    std::vector<WindowAxis> axes;
    for (size_t a = 0; a < rank; ++a) {
      TN_ASSIGN_OR_RETURN(const WindowAxis axis, fit(a, rank, input[a], kernel_sizes[a]));
      axes.push_back(axis);
    }
    TN_RETURN_IF_ERROR(check_products(axes));
    return axes;
  }

  /// check_rank(), and `kernel_sizes`, of the weight or of the attribute, agrees with the attribute and can be walked
  /// over.
  Status check_kernel(size_t rank, ShapeView kernel_sizes) const {
    TN_RETURN_IF_ERROR(check_rank(rank));
    if (kernel_sizes.size() != rank)
      return invalid_model("the kernel has ", kernel_sizes.size(), " dimensions, expected ", rank,
                           " as the input has spatial axes");
    int64_t taps = 1;
    for (size_t a = 0; a < rank; ++a) {
      if (!kernel.empty() && kernel[a] != kernel_sizes[a])
        return invalid_model("attribute 'kernel_shape' has ", kernel[a], " for spatial axis ", a,
                             ", but the weight has ", kernel_sizes[a], ": they must agree");
      if (__builtin_mul_overflow(taps, kernel_sizes[a], &taps) || taps > kLargest)
        return invalid_model("the kernel has too many elements, expected at most ", kLargest);
    }
    return {};
  }

  static Status check_products(Span<const WindowAxis> axes) {
    int64_t outputs = 1, inputs = 1;
    for (const WindowAxis& axis : axes)
      if (__builtin_mul_overflow(outputs, axis.out, &outputs) || __builtin_mul_overflow(inputs, axis.in, &inputs))
        return invalid_model("the elements of one channel do not count in 64 bits");
    return {};
  }

  static Status check_range(const char* name, const Shape& values, int64_t least) {
    for (int64_t v : values)
      if (v < least || v > kLargest)
        return invalid_model("attribute '", name, "' has ", v, ", expected ", least, " to ", kLargest);
    return {};
  }
  static Status check_count(const char* name, const Shape& values, size_t count) {
    if (values.empty() || values.size() == count) return {};
    return invalid_model("attribute '", name, "' has ", values.size(), " numbers, expected ", count);
  }

  /// Axis a without its padding and output.
  Result<WindowAxis> unpadded(size_t a, int64_t in, int64_t kernel_size) const {
    if (kernel_size < 1 || kernel_size > kLargest)
      return invalid_model("the kernel has size ", kernel_size, " along spatial axis ", a, ", expected 1 to ",
                           kLargest);
    WindowAxis axis;
    axis.in = in;
    axis.kernel = kernel_size;
    axis.stride = strides.empty() ? 1 : strides[a];
    axis.dilation = dilations.empty() ? 1 : dilations[a];
    return axis;
  }
  /// The node's own padding, which counts only where auto_pad does not say another.
  void take_pads(size_t a, size_t rank, WindowAxis* axis) const {
    if (auto_pad != AutoPad::kNotSet || pads.empty()) return;
    axis->pad_begin = pads[a];
    axis->pad_end = pads[a + rank];
  }
};

/// What ConvTranspose has beside a convolution's attributes.
struct TransposedAttributes {
  WindowAttributes window;
  Shape output_padding, output_shape;
  bool extra_at_end = false;    // where the odd element of generated padding goes
  bool limits_padding = false;  // output_padding stays below stride or dilation

  template <typename Node>
  static Result<TransposedAttributes> parse(const Node& node) {
    TransposedAttributes t;
    TN_ASSIGN_OR_RETURN(t.window, WindowAttributes::parse_convolution(node));
    t.output_padding = node.attr_ints("output_padding");
    t.output_shape = node.attr_ints("output_shape");
    TN_RETURN_IF_ERROR(WindowAttributes::check_range("output_padding", t.output_padding, 0));
    TN_RETURN_IF_ERROR(WindowAttributes::check_range("output_shape", t.output_shape, 0));
    // Opset 1 puts it on the side opposite to later ones.
    t.extra_at_end = (t.window.auto_pad == AutoPad::kSameUpper) != (node.since_version() < 11);
    t.limits_padding = node.since_version() >= 11;
    return t;
  }

  Status check_rank(size_t rank) const {
    TN_RETURN_IF_ERROR(window.check_rank(rank));
    TN_RETURN_IF_ERROR(WindowAttributes::check_count("output_padding", output_padding, rank));
    // Some models give N and C before the spatial sizes.
    if (output_shape.size() == rank + 2) return {};
    return WindowAttributes::check_count("output_shape", output_shape, rank);
  }

  /// Its size is said by the node or by auto_pad, whatever the kernel.
  bool has_fixed_size() const { return !output_shape.empty() || window.is_same(); }

  /// Axis a of the convolution that this is the gradient of: `out` is the operator's input, `in` its output.
  /// check_rank(rank) must have passed.
  Result<WindowAxis> fit(size_t a, size_t rank, int64_t size, int64_t kernel_size) const {
    TN_ASSIGN_OR_RETURN(WindowAxis axis, window.unpadded(a, 0, kernel_size));
    axis.out = size;
    const int64_t extra = output_padding.empty() ? 0 : output_padding[a], most = std::max(axis.stride, axis.dilation);
    if (limits_padding && extra >= most)
      return invalid_model("attribute 'output_padding' has ", extra, " for spatial axis ", a, ", expected less than ",
                           most, ", the larger of stride and dilation");
    int64_t spread, full;
    if (__builtin_mul_overflow(size, axis.stride, &spread) ||
        __builtin_add_overflow(spread - axis.stride, axis.extent() + extra, &full))
      return invalid_model("spatial axis ", a, " of size ", size, " is too large for stride ", axis.stride);
    if (has_fixed_size()) {
      axis.in = output_shape.empty() ? spread : output_shape[output_shape.size() - rank + a];
      const int64_t padding = std::max<int64_t>(full - axis.in, 0);
      axis.pad_begin = extra_at_end ? padding / 2 : padding - padding / 2;
      axis.pad_end = padding - axis.pad_begin;
    } else {
      window.take_pads(a, rank, &axis);
      axis.in = full - axis.pad_begin - axis.pad_end;
    }
    if (axis.in < 0 || (axis.in == 0 && output_shape.empty() && size > 0))
      return invalid_model("spatial axis ", a, " of the output would have size ", axis.in, ", expected 1 or more");
    return axis;
  }

  Result<std::vector<WindowAxis>> resolve(ShapeView input, ShapeView kernel_sizes) const {
    const size_t rank = input.size();
    TN_RETURN_IF_ERROR(check_rank(rank));
    TN_RETURN_IF_ERROR(window.check_kernel(rank, kernel_sizes));
    std::vector<WindowAxis> axes;
    for (size_t a = 0; a < rank; ++a) {
      TN_ASSIGN_OR_RETURN(const WindowAxis axis, fit(a, rank, input[a], kernel_sizes[a]));
      axes.push_back(axis);
    }
    TN_RETURN_IF_ERROR(WindowAttributes::check_products(axes));
    return axes;
  }
};

}  // namespace TENON_SDK_VERSION
}  // namespace tenon::sdk
