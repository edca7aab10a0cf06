// Sliding windows of convolutions and poolings over any number of spatial axes: the walk over the taps that fall inside
// the input. Their geometry is the SDK's.
#pragma once

#include <algorithm>
#include <tenon/sdk/geometry/window.hpp>
#include <tenon/sdk/kernel.hpp>

#include "shape_math.h"

namespace tenon::cpu_ref {

/// All of a window's geometry, one value per spatial axis: output o and tap k meet at input
/// o * strides + k * dilations - pads_begin.
struct Window {
  sdk::Shape input, kernel, strides, dilations, pads_begin, pads_end, output;

  size_t rank() const { return input.size(); }
  int64_t taps() const { return sdk::element_count(kernel); }
  int64_t input_size() const { return sdk::element_count(input); }
  int64_t output_size() const { return sdk::element_count(output); }
};

/// The axes as one window.
inline Window to_window(const std::vector<sdk::WindowAxis>& axes) {
  Window w;
  for (const sdk::WindowAxis& axis : axes) {
    w.input.push_back(axis.in);
    w.kernel.push_back(axis.kernel);
    w.strides.push_back(axis.stride);
    w.dilations.push_back(axis.dilation);
    w.pads_begin.push_back(axis.pad_begin);
    w.pads_end.push_back(axis.pad_end);
    w.output.push_back(axis.out);
  }
  return w;
}

/// The window of a pooling over X (N x C x spatial axes), and the shape of its output.
struct Pooling {
  Window window;
  sdk::Shape output_shape;
};
inline sdk::Result<Pooling> resolve_pooling(const sdk::WindowAttributes& attributes, const sdk::TensorView& x) {
  if (x.rank() < 2)
    return sdk::invalid_argument("input X has shape ", sdk::shape_text(x.shape()), ", expected N x C x spatial axes");
  const sdk::ShapeView spatial = x.shape().subspan(2, x.shape().size() - 2);
  TN_ASSIGN_OR_RETURN(const std::vector<sdk::WindowAxis> axes, attributes.resolve(spatial, attributes.kernel));
  Pooling pooling{to_window(axes), {}};
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
