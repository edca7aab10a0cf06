// Sliding windows of convolutions and poolings over any number of spatial axes: attributes, output sizes, padding, and
// the walk over the taps that fall inside the input.
#pragma once

#include <algorithm>
#include <tenon/sdk/kernel.hpp>

#include "shape_math.h"

namespace tenon::cpu_ref {

/// The attributes that windowed operators share, as the node gives them; empty lists stand for their defaults.
struct WindowAttributes {
  std::string auto_pad;
  sdk::Shape kernel, strides, dilations, pads;
  bool ceil_mode;

  explicit WindowAttributes(const sdk::NodeView& node)
      : auto_pad(node.attr_string("auto_pad", "NOTSET")),
        kernel(node.attr_ints("kernel_shape")),
        strides(node.attr_ints("strides")),
        dilations(node.attr_ints("dilations")),
        pads(node.attr_ints("pads")),
        ceil_mode(node.attr_int("ceil_mode", 0) != 0) {}
};

/// All of a window's geometry, one value per spatial axis: output o and tap k meet at input
/// o * strides + k * dilations - pads_begin.
struct Window {
  sdk::Shape input, kernel, strides, dilations, pads_begin, pads_end, output;

  size_t rank() const { return input.size(); }
  int64_t taps() const { return sdk::element_count(kernel); }
  int64_t input_size() const { return sdk::element_count(input); }
  int64_t output_size() const { return sdk::element_count(output); }
};

/// Fills in kernel, strides, dilations and explicit pads with their defaults and checks them; `output` and, for the
/// forms of auto_pad other than NOTSET, the pads are left to the operator. `kernel` overrides the attribute's shape.
inline sdk::Result<Window> base_window(const WindowAttributes& attributes, sdk::ShapeView input,
                                       sdk::ShapeView kernel) {
  const size_t rank = input.size();
  Window w;
  w.input = to_shape(input);
  w.kernel = to_shape(kernel);
  w.strides = attributes.strides.empty() ? sdk::Shape(rank, 1) : attributes.strides;
  w.dilations = attributes.dilations.empty() ? sdk::Shape(rank, 1) : attributes.dilations;
  const sdk::Shape pads = attributes.pads.empty() ? sdk::Shape(2 * rank, 0) : attributes.pads;
  const auto check = [](const char* name, const sdk::Shape& values, size_t count, int64_t least) -> sdk::Status {
    if (values.size() != count) return sdk::invalid_argument(name, " has ", values.size(), " values, expected ", count);
    for (int64_t v : values)
      if (v < least || v > INT32_MAX)
        return sdk::invalid_argument(name, " holds ", v, ", expected ", least, " to ", INT32_MAX);
    return {};
  };
  TN_RETURN_IF_ERROR(check("kernel_shape", w.kernel, rank, 1));
  TN_RETURN_IF_ERROR(check("strides", w.strides, rank, 1));
  TN_RETURN_IF_ERROR(check("dilations", w.dilations, rank, 1));
  TN_RETURN_IF_ERROR(check("pads", pads, 2 * rank, 0));
  TN_RETURN_IF_ERROR(product(w.input, 0, rank).take_status());
  TN_ASSIGN_OR_RETURN(const int64_t taps, product(w.kernel, 0, rank));
  if (taps > INT32_MAX) return sdk::invalid_argument("the kernel has ", taps, " taps, expected at most ", INT32_MAX);
  w.pads_begin.assign(pads.begin(), pads.begin() + int64_t(rank));
  w.pads_end.assign(pads.begin() + int64_t(rank), pads.end());
  return w;
}

/// The window of a convolution or pooling over `input` (spatial axes only). With ceil_mode a window that only partly
/// fits counts too, unless it would start in the padding at the end.
inline sdk::Result<Window> resolve_window(const WindowAttributes& attributes, sdk::ShapeView input,
                                          sdk::ShapeView kernel) {
  TN_ASSIGN_OR_RETURN(Window w, base_window(attributes, input, kernel));
  const std::string& mode = attributes.auto_pad;
  const bool same = mode == "SAME_UPPER" || mode == "SAME_LOWER";
  if (!same && mode != "NOTSET" && mode != "VALID" && !mode.empty())
    return sdk::invalid_argument("auto_pad is '", mode, "', expected NOTSET, SAME_UPPER, SAME_LOWER or VALID");
  for (size_t a = 0; a < w.rank(); ++a) {
    const int64_t extent = (w.kernel[a] - 1) * w.dilations[a] + 1, stride = w.strides[a], size = w.input[a];
    if (same) {
      const int64_t count = size == 0 ? 0 : (size - 1) / stride + 1;
      const int64_t total = std::max<int64_t>((count - 1) * stride + extent - size, 0);
      w.pads_begin[a] = mode == "SAME_UPPER" ? total / 2 : total - total / 2;
      w.pads_end[a] = total - w.pads_begin[a];
      w.output.push_back(count);
      continue;
    }
    if (mode == "VALID") w.pads_begin[a] = w.pads_end[a] = 0;
    TN_ASSIGN_OR_RETURN(const int64_t padded, add(size, w.pads_begin[a] + w.pads_end[a]));
    if (padded < extent)
      return sdk::invalid_argument("spatial axis ", a, " has size ", padded, " with its padding, expected at least ",
                                   extent, ", the extent of the dilated kernel");
    int64_t count = (padded - extent) / stride + 1;
    if (attributes.ceil_mode && (padded - extent) % stride != 0 && count * stride < size + w.pads_begin[a]) ++count;
    w.output.push_back(count);
  }
  TN_RETURN_IF_ERROR(product(w.output, 0, w.rank()).take_status());
  return w;
}

/// The window of a pooling over X (N x C x spatial axes), and the shape of its output.
struct Pooling {
  Window window;
  sdk::Shape output_shape;
};
inline sdk::Result<Pooling> resolve_pooling(const WindowAttributes& attributes, const sdk::TensorView& x) {
  if (x.rank() < 2)
    return sdk::invalid_argument("input X has shape ", sdk::shape_text(x.shape()), ", expected N x C x spatial axes");
  const sdk::ShapeView spatial = x.shape().subspan(2, x.shape().size() - 2);
  Pooling pooling;
  TN_ASSIGN_OR_RETURN(pooling.window, resolve_window(attributes, spatial, attributes.kernel));
  pooling.output_shape = {x.dim(0), x.dim(1)};
  pooling.output_shape.insert(pooling.output_shape.end(), pooling.window.output.begin(), pooling.window.output.end());
  return pooling;
}

/// Calls body(tap, first_output, count, first_input, input_step) for every tap and every row of outputs (those that
/// differ in the last spatial axis only) of which `count` > 0 neighbours have that tap inside the input: output
/// first_output + i meets input first_input + i * input_step. All are offsets within one channel's plane.
template <typename Body>
void for_each_tap_row(const Window& w, Body&& body) {
  const size_t rank = w.rank();
  if (rank == 0) return body(int64_t(0), int64_t(0), int64_t(1), int64_t(0), int64_t(1));
  const size_t last = rank - 1;
  const int64_t taps = w.taps(), outputs = w.output_size();
  const int64_t rows = w.output[last] == 0 ? 0 : outputs / w.output[last];
  for (int64_t tap = 0; tap < taps; ++tap) {
    // o * stride + start lies inside the input for o in [first, end).
    const int64_t stride = w.strides[last];
    const int64_t start = tap % w.kernel[last] * w.dilations[last] - w.pads_begin[last];
    const int64_t first = start >= 0 ? 0 : (-start + stride - 1) / stride;
    const int64_t room = w.input[last] - start;
    const int64_t end = std::min(w.output[last], room <= 0 ? 0 : (room - 1) / stride + 1);
    if (first >= end) continue;
    for (int64_t row = 0; row < rows; ++row) {
      int64_t rest_of_row = row, rest_of_tap = tap / w.kernel[last];
      int64_t input = 0, input_stride = w.input[last];
      bool inside = true;
      for (size_t a = last; inside && a-- > 0;) {
        const int64_t o = rest_of_row % w.output[a], k = rest_of_tap % w.kernel[a];
        rest_of_row /= w.output[a];
        rest_of_tap /= w.kernel[a];
        const int64_t i = o * w.strides[a] + k * w.dilations[a] - w.pads_begin[a];
        inside = i >= 0 && i < w.input[a];
        input += i * input_stride;
        input_stride *= w.input[a];
      }
      if (inside) body(tap, row * w.output[last] + first, end - first, input + first * stride + start, stride);
    }
  }
}

}  // namespace tenon::cpu_ref
