// The numbers that oneDNN wants of a convolution or a pooling, also of a part of its rows.
#pragma once

#include <algorithm>
#include <tenon/sdk/geometry/window.hpp>

#include "onednn.h"

namespace onednn {

struct WindowNumbers {
  Dims kernel, strides, dilations, pads_begin, pads_end;

  explicit WindowNumbers(const std::vector<sdk::WindowAxis>& axes) {
    for (const sdk::WindowAxis& axis : axes) {
      kernel.push_back(axis.kernel);
      strides.push_back(axis.stride);
      dilations.push_back(axis.kernel == 1 ? 0 : axis.dilation - 1);
      pads_begin.push_back(axis.pad_begin);
      // What the last window needs: less than the model's where a stride leaves some of it out, more with ceil_mode.
      pads_end.push_back(std::max<int64_t>(0, axis.input_of(axis.out - 1, axis.kernel - 1) + 1 - axis.in));
    }
  }
};

/// Output rows [begin, begin + count) of an axis, as an axis of its own over the input rows that they need.
struct RowPart {
  sdk::WindowAxis axis;
  int64_t first_input = 0;  // row of the whole input

  static RowPart of(const sdk::WindowAxis& whole, int64_t begin, int64_t count) {
    RowPart part{whole, 0};
    const int64_t low = whole.input_of(begin, 0), high = whole.input_of(begin + count - 1, whole.kernel - 1) + 1;
    part.first_input = std::max<int64_t>(low, 0);
    part.axis.in = std::min(high, whole.in) - part.first_input;
    part.axis.out = count;
    part.axis.pad_begin = part.first_input - low;
    part.axis.pad_end = std::max<int64_t>(0, high - whole.in);
    return part;
  }
  bool is_same_work(const RowPart& other) const {
    return axis.in == other.axis.in && axis.out == other.axis.out && axis.pad_begin == other.axis.pad_begin;
  }
};

}  // namespace onednn
