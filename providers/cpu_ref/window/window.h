// Sliding windows of convolutions and poolings over any number of spatial axes: the walk over the taps that fall inside
// the input. Their geometry is the SDK's.
#pragma once

#include <cstdint>
#include <tenon/sdk/geometry/window.hpp>
#include <tenon/sdk/kernel.hpp>

#include "shape_math.h"

namespace tenon::cpu_ref {

/// A window's geometry, axis by axis.
struct Window {
  std::vector<sdk::WindowAxis> axes;

  size_t rank() const { return axes.size(); }
  int64_t taps() const { return product_of(&sdk::WindowAxis::kernel); }
  int64_t input_size() const { return product_of(&sdk::WindowAxis::in); }
  int64_t output_size() const { return product_of(&sdk::WindowAxis::out); }

 private:
  int64_t product_of(int64_t sdk::WindowAxis::*size) const {
    int64_t product = 1;
    for (const sdk::WindowAxis& axis : axes) product *= axis.*size;
    return product;
  }
};

/// For each output of a plane, how many elements its mean is over.
inline std::vector<double> window_sizes(const Window& w, bool with_padding) {
  std::vector<double> counts{1.0};
  for (const sdk::WindowAxis& axis : w.axes) {
    const int64_t low = with_padding ? -axis.pad_begin : 0;
    const int64_t high = axis.in + (with_padding ? axis.pad_end : 0);
    std::vector<double> with_axis;
    for (double outer : counts)
      for (int64_t o = 0; o < axis.out; ++o) with_axis.push_back(outer * double(axis.taps_between(o, low, high)));
    counts = std::move(with_axis);
  }
  return counts;
}

/// The window of a pooling over X (N x C x spatial axes), and the shape of its output.
struct Pooling {
  Window window;
  sdk::Shape output_shape;
};
inline sdk::Result<Pooling> resolve_pooling(const sdk::WindowAttributes& attributes, const sdk::TensorView& x) {
  if (x.rank() < 3)
    return sdk::invalid_argument("input X has shape ", sdk::shape_text(x.shape()), ", expected N x C x spatial axes");
  const sdk::ShapeView spatial = x.shape().subspan(2, x.shape().size() - 2);
  TN_ASSIGN_OR_RETURN(std::vector<sdk::WindowAxis> axes, attributes.resolve(spatial, attributes.kernel));
  Pooling pooling{{std::move(axes)}, {x.dim(0), x.dim(1)}};
  for (const sdk::WindowAxis& axis : pooling.window.axes) pooling.output_shape.push_back(axis.out);
  return pooling;
}

/// places[o * taps + tap] = where in a plane of X output first + o has that tap, or -1 outside, for o < count.
inline void find_places(const Window& window, int64_t first, int64_t count, int64_t* places) {
  const int64_t taps = window.taps();
  for (int64_t o = 0; o < count; ++o)
    for (int64_t tap = 0; tap < taps; ++tap) {
      int64_t output = first + o, rest = tap, place = 0, stride = 1;
      for (size_t a = window.rank(); a-- > 0; stride *= window.axes[a].in) {
        const sdk::WindowAxis& axis = window.axes[a];
        const int64_t i = axis.input_of(output % axis.out, rest % axis.kernel);
        output /= axis.out;
        rest /= axis.kernel;
        place = place < 0 || i < 0 || i >= axis.in ? -1 : place + i * stride;
      }
      places[o * taps + tap] = place;
    }
}

/// Calls body(tap, first_output, count, first_input, input_step) for every tap and every row of outputs (those that
/// differ in the last spatial axis only) of which `count` > 0 neighbours have that tap inside the input: output
/// first_output + i meets input first_input + i * input_step. All are offsets within one channel's plane.
template <typename Body>
void for_each_tap_row(const Window& w, Body&& body) {
  const std::vector<sdk::WindowAxis>& axes = w.axes;
  const size_t rank = axes.size();
  const size_t last = rank - 1;
  int64_t rows = axes[last].out == 0 ? 0 : 1;
  sdk::Shape tap;  // along each axis
  for (size_t a = 0; a < rank; ++a) {
    if (a < last) rows *= axes[a].out;
    tap.push_back(axes[a].next_inside(0));
    if (tap[a] == axes[a].kernel) return;
  }
  for (;;) {
    int64_t index = 0;
    for (size_t a = 0; a < rank; ++a) index = index * axes[a].kernel + tap[a];
    const sdk::WindowAxis::Range columns = axes[last].inside(tap[last]);
    for (int64_t row = 0; row < rows; ++row) {
      int64_t rest_of_row = row, input = 0, input_stride = axes[last].in;
      bool inside = true;
      for (size_t a = last; inside && a-- > 0;) {
        const int64_t i = axes[a].input_of(rest_of_row % axes[a].out, tap[a]);
        rest_of_row /= axes[a].out;
        inside = i >= 0 && i < axes[a].in;
        input += i * input_stride;
        input_stride *= axes[a].in;
      }
      if (inside)
        body(index, row * axes[last].out + columns.begin, columns.end - columns.begin,
             input + axes[last].input_of(columns.begin, tap[last]), axes[last].stride);
    }
    size_t a = rank;
    while (a-- > 0 && (tap[a] = axes[a].next_inside(tap[a] + 1)) == axes[a].kernel) tap[a] = axes[a].next_inside(0);
    if (a == SIZE_MAX) return;
  }
}

}  // namespace tenon::cpu_ref
