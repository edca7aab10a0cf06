// The convolution that Conv and ConvInteger share: geometry, groups, checks, and the sum over taps.
#pragma once

#include "window/window.h"

namespace tenon::cpu_ref {

/// X: N x C x in..., W: M x C/group x kernel..., Y: N x M x out...
struct Convolution {
  int64_t batch, channels, filters, groups;
  Window window;

  int64_t group_channels() const { return channels / groups; }
  void count(sdk::RunContext& run) const {
    run.count_products(filters, window.output_size(), group_channels() * window.taps(), batch);
  }
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

// Filters whose planes are summed at a time, so that each element of X is loaded for all of them.
constexpr int64_t kFiltersAtATime = 4;

/// sums[f * plane + o] += load_w(m + f, filter f's tap) * load_x(X at o and the tap), over the channels and taps of
/// `filters` filters of one group; `in` and `w` are those of the first channel and filter. Products are of the type
/// that C++ gives them: shorts make ints, which compilers have vectors for.
template <int64_t filters, typename Acc, typename X, typename W, typename LoadX, typename LoadW>
void add_filters(const Convolution& c, const X* in, const W* w, int64_t m, Acc* sums, LoadX&& load_x, LoadW&& load_w) {
  const int64_t plane = c.window.output_size(), taps = c.window.taps(), in_plane = c.window.input_size();
  const int64_t depth = c.group_channels();
  for (int64_t d = 0; d < depth; ++d, in += in_plane)
    for_each_tap_row(c.window, [&](int64_t tap, int64_t out, int64_t count, int64_t first, int64_t step) {
      decltype(load_w(m, *w)) weights[filters];
      for (int64_t f = 0; f < filters; ++f) weights[f] = load_w(m + f, w[(f * depth + d) * taps + tap]);
      const auto add_row = [&](int64_t known_step) {
        for (int64_t i = 0; i < count; ++i) {
          const auto value = load_x(in[first + i * known_step]);
          for (int64_t f = 0; f < filters; ++f) sums[f * plane + out + i] += Acc(weights[f] * value);
        }
      };
      // A step that the compiler knows makes the usual loop one over vectors.
      step == 1 ? add_row(1) : add_row(step);
    });
}

/// Y[n, m] = finish(start(m) + sum over c, taps of load_x(X[n, c, ...]) * load_w(m, W[m, c, tap]), i), where Acc is the
/// type of the sum and i the index of the element in Y. Splits the N * M planes over the host's pool; stops early when
/// the run is cancelled. Scratch: kFiltersAtATime planes of sums for each thread.
template <typename Acc, typename X, typename W, typename Y, typename LoadX, typename LoadW, typename Start,
          typename Finish>
sdk::Status convolve(sdk::RunContext& run, const Convolution& c, const X* x, const W* w, Y* y, LoadX&& load_x,
                     LoadW&& load_w, Start&& start, Finish&& finish) {
  const int64_t plane = c.window.output_size(), taps = c.window.taps(), in_plane = c.window.input_size();
  if (c.batch == 0 || c.filters == 0 || plane == 0) return {};
  c.count(run);
  const int64_t planes = c.batch * c.filters;
  const int64_t per_group = c.filters / c.groups, depth = c.group_channels();
  const int64_t at_a_time = std::min(kFiltersAtATime, per_group);
  TN_ASSIGN_OR_RETURN(const int64_t of_worker, multiply(at_a_time, plane));
  TN_ASSIGN_OR_RETURN(Acc* const sums, run.scratch<Acc>(size_t(run.max_workers()) * size_t(of_worker)));
  const double cost = double(plane) * double(taps) * double(depth);
  run.parallel_for(planes, cost, [&](uint32_t worker, int64_t begin, int64_t end) {
    Acc* const sum = sums + int64_t(worker) * of_worker;
    for (int64_t p = begin, count; p < end && !run.cancelled(); p += count) {
      const int64_t n = p / c.filters, m = p % c.filters;
      count = std::min(end - p, per_group - m % per_group) < kFiltersAtATime ? 1 : kFiltersAtATime;
      for (int64_t f = 0; f < count; ++f) std::fill_n(sum + f * plane, plane, start(m + f));
      const X* const in = x + (n * c.channels + m / per_group * depth) * in_plane;
      const W* const filters = w + m * depth * taps;
      if (count == 1) add_filters<1>(c, in, filters, m, sum, load_x, load_w);
      if (count > 1) add_filters<kFiltersAtATime>(c, in, filters, m, sum, load_x, load_w);
      for (int64_t i = 0; i < count * plane; ++i) y[p * plane + i] = Y(finish(sum[i], p * plane + i));
    }
  });
  return {};
}

}  // namespace tenon::cpu_ref
