// The convolution that Conv and ConvInteger share: geometry, groups, checks, and the sum over taps.
#pragma once

#include "window/window.h"

namespace tenon::cpu_ref {

/// X: N x C x in..., W: M x C/group x kernel..., Y: N x M x out...
struct Convolution {
  int64_t batch, channels, filters, groups;
  Window window;

  int64_t group_channels() const { return channels / groups; }
  sdk::Shape output_shape() const {
    sdk::Shape shape{batch, filters};
    for (const sdk::WindowAxis& axis : window.axes) shape.push_back(axis.out);
    return shape;
  }
};

inline sdk::Result<Convolution> resolve_convolution(const sdk::WindowAttributes& attributes, int64_t groups,
                                                    const sdk::TensorView& x, const sdk::TensorView& w) {
  if (x.rank() < 2)
    return sdk::invalid_argument("input X has shape ", sdk::shape_text(x.shape()), ", expected N x C x spatial axes");
  if (w.rank() != x.rank())
    return sdk::invalid_argument("input W has shape ", sdk::shape_text(w.shape()), ", expected rank ", x.rank(),
                                 " as X: M x C/group x kernel axes");
  Convolution c{x.dim(0), x.dim(1), w.dim(0), groups, {}};
  if (groups < 1 || c.channels % groups != 0 || c.filters % groups != 0)
    return sdk::invalid_argument("group is ", groups, ", expected a divisor of the ", c.channels, " channels and the ",
                                 c.filters, " filters");
  if (w.dim(1) != c.group_channels())
    return sdk::invalid_argument("input W has ", w.dim(1), " channels, expected ", c.group_channels(),
                                 ": the channels of X, ", c.channels, ", by group, ", groups);
  const sdk::ShapeView kernel = w.shape().subspan(2, w.shape().size() - 2);
  TN_ASSIGN_OR_RETURN(auto axes, attributes.resolve(x.shape().subspan(2, kernel.size()), kernel));
  c.window = {std::move(axes)};
  return c;
}

/// Y[n, m] = finish(start(m) + sum over c, taps of load_x(X[n, c, ...]) * load_w(m, W[m, c, tap]), i), where Acc is the
/// type of the sum and i the index of the element in Y. Splits the N * M planes over the host's pool; stops early when
/// the run is cancelled.
template <typename Acc, typename X, typename W, typename Y, typename LoadX, typename LoadW, typename Start,
          typename Finish>
sdk::Status convolve(sdk::RunContext& run, const Convolution& c, const X* x, const W* w, Y* y, LoadX&& load_x,
                     LoadW&& load_w, Start&& start, Finish&& finish) {
  const int64_t plane = c.window.output_size(), taps = c.window.taps(), in_plane = c.window.input_size();
  if (c.batch == 0 || c.filters == 0 || plane == 0) return {};
  const int64_t planes = c.batch * c.filters;
  const int64_t per_group = c.filters / c.groups, depth = c.group_channels();
  TN_ASSIGN_OR_RETURN(Acc* const sums, run.scratch<Acc>(size_t(run.max_workers()) * size_t(plane)));
  const double cost = double(plane) * double(taps) * double(depth);
  run.parallel_for(planes, cost, [&](uint32_t worker, int64_t begin, int64_t end) {
    Acc* sum = sums + int64_t(worker) * plane;
    for (int64_t p = begin; p < end && !run.cancelled(); ++p) {
      const int64_t n = p / c.filters, m = p % c.filters;
      std::fill(sum, sum + plane, start(m));
      for (int64_t d = 0; d < depth; ++d) {
        const X* in = x + (n * c.channels + m / per_group * depth + d) * in_plane;
        const W* filter = w + (m * depth + d) * taps;
        for_each_tap_row(c.window, [&](int64_t tap, int64_t out, int64_t count, int64_t first, int64_t step) {
          const Acc weight = load_w(m, filter[tap]);
          for (int64_t i = 0; i < count; ++i) sum[out + i] += weight * load_x(in[first + i * step]);
        });
      }
      for (int64_t i = 0; i < plane; ++i) y[p * plane + i] = Y(finish(sum[i], p * plane + i));
    }
  });
  return {};
}

}  // namespace tenon::cpu_ref
