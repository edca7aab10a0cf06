// The convolution that ConvInteger and QLinearConv share, in 16-bit integers.
#pragma once

#include "linear/dot.h"
#include "window/convolution.h"

namespace tenon::cpu_ref {

/// Outputs that are unfolded at a time: the elements of X under their windows, one output's behind the other's.
constexpr int64_t kUnfoldedAtATime = 32;

/// convolve() of what load_x and load_w make of bytes, int16_t of at most 255 either way, with sums modulo 2^32.
/// Scratch: W in 16 bits, and for each thread what kUnfoldedAtATime outputs are made of.
template <typename X, typename W, typename Y, typename LoadX, typename LoadW, typename Start, typename Finish>
sdk::Status convolve_bytes(sdk::RunContext& run, const Convolution& c, const X* x, const W* w, Y* y, LoadX&& load_x,
                           LoadW&& load_w, Start&& start, Finish&& finish) {
  constexpr int64_t kWorthUnfolding = 32;  // products of one output
  const int64_t plane = c.window.output_size(), taps = c.window.taps(), in_plane = c.window.input_size();
  const int64_t per_group = c.filters / c.groups, depth = c.group_channels(), length = depth * taps;
  if (length < kWorthUnfolding) return convolve<uint32_t>(run, c, x, w, y, load_x, load_w, start, finish);
  if (c.batch == 0 || c.filters == 0 || plane == 0) return {};
  c.count(run);
  TN_ASSIGN_OR_RETURN(int16_t* const weights, run.scratch<int16_t>(size_t(c.filters) * size_t(length)));
  for (int64_t m = 0; m < c.filters; ++m)
    for (int64_t i = 0; i < length; ++i) weights[m * length + i] = load_w(m, w[m * length + i]);
  TN_ASSIGN_OR_RETURN(const int64_t unfolded_size, multiply(kUnfoldedAtATime, length));
  TN_ASSIGN_OR_RETURN(int16_t* const unfolded, run.scratch<int16_t>(run.max_workers() * size_t(unfolded_size)));
  TN_ASSIGN_OR_RETURN(int64_t* const places, run.scratch<int64_t>(run.max_workers() * size_t(kUnfoldedAtATime * taps)));
  const int64_t blocks = (plane + kUnfoldedAtATime - 1) / kUnfoldedAtATime;
  const double cost = double(unfolded_size) * double(per_group) / 4;
  run.parallel_for(c.batch * c.groups * blocks, cost, [&](uint32_t worker, int64_t begin, int64_t end) {
    int16_t* const rows = unfolded + int64_t(worker) * unfolded_size;
    int64_t* const at = places + int64_t(worker) * kUnfoldedAtATime * taps;
    for (int64_t item = begin; item < end && !run.cancelled(); ++item) {
      const int64_t n = item / blocks / c.groups, group = item / blocks % c.groups;
      const int64_t first = item % blocks * kUnfoldedAtATime, count = std::min(kUnfoldedAtATime, plane - first);
      find_places(c.window, first, count, at);
      const X* const in = x + (n * c.channels + group * depth) * in_plane;
      for (int64_t o = 0; o < count; ++o)
        for (int64_t d = 0; d < depth; ++d)
          for (int64_t tap = 0; tap < taps; ++tap) {
            const int64_t place = at[o * taps + tap];
            rows[o * length + d * taps + tap] = place < 0 ? int16_t(0) : load_x(in[d * in_plane + place]);
          }
      for (int64_t m = group * per_group; m < (group + 1) * per_group; ++m)
        dot_short_rows(weights + m * length, rows, length, count, [&](int64_t o, uint32_t sum) {
          const int64_t i = (n * c.filters + m) * plane + first + o;
          y[i] = Y(finish(start(m) + sum, i));
        });
    }
  });
  return {};
}

}  // namespace tenon::cpu_ref
