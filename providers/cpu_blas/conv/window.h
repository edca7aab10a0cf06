// The sliding window of convolutions and pools: reading its attributes, and fixing it for an input's size. Two spatial
// dimensions; one is treated as two with a height of 1.
#pragma once

#include <tenon/sdk/graph.hpp>

#include "common.h"

namespace tenon::cpu_blas {

/// One spatial axis of a window over an input of `in` elements.
struct WindowAxis {
  int64_t in = 1;
  int64_t out = 1;
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t pad_begin = 0;
  int64_t pad_end = 0;

  /// The outputs [begin, end) whose input at kernel position k lies inside the input.
  struct Range {
    int64_t begin, end;
  };
  Range inside(int64_t k) const {
    const int64_t offset = k * dilation - pad_begin;  // input = output * stride + offset
    const int64_t first = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
    const int64_t last = in - 1 - offset < 0 ? 0 : (in - 1 - offset) / stride + 1;
    const int64_t end = last < out ? last : out;
    return {first < end ? first : end, end};
  }
  int64_t input_of(int64_t output, int64_t k) const { return output * stride + k * dilation - pad_begin; }
};

struct Window2d {
  WindowAxis h, w;
};

/// Each output reads the one input at its own place.
inline bool is_pointwise(const Window2d& window) {
  const auto is_plain = [](const WindowAxis& a) {
    return a.kernel == 1 && a.stride == 1 && a.pad_begin == 0 && a.pad_end == 0;
  };
  return is_plain(window.h) && is_plain(window.w);
}

/// The attributes of a convolution or pool, as the node has them.
struct WindowAttributes {
  std::vector<int64_t> kernel, strides, pads, dilations;  // empty: the default
  std::string auto_pad = "NOTSET";
  bool ceil_mode = false;

  /// TN_INVALID_MODEL when a value is out of the range that the specification gives.
  static sdk::Result<WindowAttributes> parse(const sdk::NodeView& node);

  /// The window over an input with the spatial dimensions `spatial` (1 or 2), each kernel dimension in `kernel_shape`.
  sdk::Result<Window2d> resolve(const std::string& node, sdk::ShapeView spatial, sdk::ShapeView kernel_shape) const;
};

}  // namespace tenon::cpu_blas
