// Sliding windows of convolutions and poolings over any number of spatial axes: the walk over the taps that fall inside
// the input. Their geometry is the SDK's.
#pragma once

#include <cstdint>
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
  sdk::WindowAxis axis(size_t a) const {
    return {input[a], output[a], kernel[a], strides[a], dilations[a], pads_begin[a], pads_end[a]};
  }
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
  const int64_t outputs = w.output_size(), rows = w.output[last] == 0 ? 0 : outputs / w.output[last];
  std::vector<sdk::WindowAxis> axes;
  sdk::Shape tap;  // along each axis
  for (size_t a = 0; a < rank; ++a) {
    axes.push_back(w.axis(a));
    tap.push_back(axes[a].next_inside(0));
    if (tap[a] == w.kernel[a]) return;
  }
  for (;;) {
    int64_t index = 0;
    for (size_t a = 0; a < rank; ++a) index = index * w.kernel[a] + tap[a];
    const sdk::WindowAxis::Range columns = axes[last].inside(tap[last]);
    for (int64_t row = 0; row < rows; ++row) {
      int64_t rest_of_row = row, input = 0, input_stride = w.input[last];
      bool inside = true;
      for (size_t a = last; inside && a-- > 0;) {
        const int64_t i = axes[a].input_of(rest_of_row % w.output[a], tap[a]);
        rest_of_row /= w.output[a];
        inside = i >= 0 && i < w.input[a];
        input += i * input_stride;
        input_stride *= w.input[a];
      }
      if (inside)
        body(index, row * w.output[last] + columns.begin, columns.end - columns.begin,
             input + axes[last].input_of(columns.begin, tap[last]), w.strides[last]);
    }
    size_t a = rank;
    while (a-- > 0 && (tap[a] = axes[a].next_inside(tap[a] + 1)) == w.kernel[a]) tap[a] = axes[a].next_inside(0);
    if (a == SIZE_MAX) return;
  }
}

}  // namespace tenon::cpu_ref
