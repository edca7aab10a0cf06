// MaxPool and Softmax as loops that keep NaN and take infinities, for careful programs; see builder.h.
#include <algorithm>
#include <cmath>
#include <limits>

#include "lower/builder.h"

namespace onednn {
namespace {

/// The largest of one window over a plane; a NaN counts as the largest.
float largest_in(const float* plane, const std::vector<sdk::WindowAxis>& axes, const Dims& position) {
  float largest = -std::numeric_limits<float>::infinity();
  Dims tap(axes.size(), 0);
  while (true) {
    int64_t at = 0;
    bool is_inside = true;
    for (size_t d = 0; d < axes.size(); ++d) {
      const int64_t input = axes[d].input_of(position[d], tap[d]);
      is_inside &= input >= 0 && input < axes[d].in;
      at = at * axes[d].in + input;
    }
    if (is_inside && !(plane[at] <= largest)) largest = plane[at];
    if (largest != largest) return largest;
    size_t d = axes.size();
    while (d > 0 && ++tap[d - 1] == axes[d - 1].kernel) tap[--d] = 0;
    if (d == 0) return largest;
  }
}

}  // namespace

StepPtr max_pool_loop(const Tensor& x, const Tensor& y, std::vector<sdk::WindowAxis> axes) {
  int64_t x_plane = 1, y_plane = 1;
  for (const sdk::WindowAxis& axis : axes) x_plane *= axis.in, y_plane *= axis.out;
  const Place x_place = x.place, y_place = y.place;
  auto step = std::make_unique<LoopStep>([=](int64_t part, const Memory& memory) {
    const float* source = memory.at<const float>(x_place) + part * x_plane;
    float* target = memory.at<float>(y_place) + part * y_plane;
    Dims position(axes.size(), 0);
    for (int64_t i = 0; i < y_plane; ++i) {
      target[i] = largest_in(source, axes, position);
      for (size_t d = axes.size(); d-- > 0 && ++position[d] == axes[d].out;) position[d] = 0;
    }
  });
  step->parts = x.desc.data.dims[0] * x.desc.data.dims[1];
  step->part_ns = static_cast<double>(y_plane) * 50;
  return step;
}

StepPtr softmax_loop(const Tensor& x, const Tensor& y, int64_t outer, int64_t length, int64_t inner, bool is_log) {
  const Place x_place = x.place, y_place = y.place;
  auto step = std::make_unique<LoopStep>([=](int64_t part, const Memory& memory) {
    const float* source = memory.at<const float>(x_place) + part * length * inner;
    float* target = memory.at<float>(y_place) + part * length * inner;
    for (int64_t lane = 0; lane < inner; ++lane) {
      float largest = source[lane];
      for (int64_t i = 1; i < length; ++i)
        if (!(source[i * inner + lane] <= largest)) largest = source[i * inner + lane];
      double sum = 0;
      for (int64_t i = 0; i < length; ++i) sum += std::exp(double(source[i * inner + lane]) - double(largest));
      for (int64_t i = 0; i < length; ++i) {
        const double shifted = double(source[i * inner + lane]) - double(largest);
        target[i * inner + lane] = static_cast<float>(is_log ? shifted - std::log(sum) : std::exp(shifted) / sum);
      }
    }
  });
  step->parts = outer;
  step->part_ns = static_cast<double>(length * inner) * 20;
  return step;
}

}  // namespace onednn
