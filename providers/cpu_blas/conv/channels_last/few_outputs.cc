// Convolution to a few output channels, as the last one of a network that makes an image, a mask or a wave: each is a
// dot product along the window, since a vector of outputs would be mostly empty.
#include <algorithm>
#include <string>

#include "common.h"
#include "conv/channels_last/finish.h"
#include "conv/channels_last/pixel_rows.h"
#include "conv/channels_last/ways.h"
#include "gemm.h"
#include "simd/panel_gemm.h"
#include "simd/row_dots.h"

namespace tenon::cpu_blas {
namespace {

constexpr int64_t kRows = 128;        // of a task
constexpr int64_t kMostTaps = 256;    // that are pointed at together
constexpr int64_t kLeastVectors = 1;  // along a run of the window, below which lanes are idle here, too

bool takes(const LastConvShape& s) {
  return s.groups == 1 && s.outputs <= simd::kMostDots && 2 * s.outputs <= simd::vector_width() &&
         plan_walk(s).depth >= kLeastVectors * simd::vector_width();
}

std::string pack_key(const LastConvShape&) {
  return "cpu_blas.conv_dots/1";
}

uint64_t pack_floats(const LastConvShape& s) {
  return static_cast<uint64_t>(s.outputs) * static_cast<uint64_t>(s.k());
}

/// For each output its window in the order of KD, KH, KW and C.
void pack(const LastConvShape& s, const float* w, float* packed) {
  for (int64_t m = 0; m < s.outputs; ++m)
    for (int64_t tap = 0; tap < s.taps(); ++tap)
      for (int64_t c = 0; c < s.group_channels; ++c) *packed++ = w[(m * s.group_channels + c) * s.taps() + tap];
}

sdk::Status run(sdk::RunContext& run, const LastConvCall& call) {
  const LastConvShape& s = call.shape;
  const KernelWalk walk = plan_walk(s);
  const int64_t most_taps = walk.is_wide ? walk.taps : std::min(walk.taps, kMostTaps);
  TN_ASSIGN_OR_RETURN(const PixelRows pixels, PixelRows::create(run, call, walk, kRows, most_taps));
  const int64_t total = call.images * call.out_pixels;
  const double cost = gemm_cost_ns(kRows, s.outputs, s.k());
  run.parallel_for(ceil_div(total, kRows), cost, [&](uint32_t worker, int64_t begin, int64_t end) {
    for (int64_t first = begin * kRows; first < std::min(end * kRows, total); first += kRows) {
      simd::RowDots p{};
      p.rows = p.a_gap = std::min(kRows, total - first);
      p.depth = walk.depth;
      p.columns = p.c_stride = s.outputs;
      p.w_stride = s.k();
      p.c = call.y + first * s.outputs;
      p.residual = call.residual != nullptr ? call.residual + first * s.outputs : nullptr;
      p.scale = call.scale;
      p.shift = call.shift;
      p.low = low_bound(call.activation);
      p.high = high_bound(call.activation);
      for (int64_t tap = 0; tap < walk.taps; tap += p.taps) {
        p.taps = std::min(most_taps, walk.taps - tap);
        p.a = pixels.point(worker, first, p.rows, tap, tap + p.taps);
        p.w = call.packed + tap * walk.depth;
        p.accumulate = tap > 0;
        p.finish = tap + p.taps == walk.taps;
        simd::multiply_dots(p);
      }
      finish_tile(call, first, p.rows, 0, s.outputs);
    }
  });
  return {};
}

}  // namespace

const LastConvWay kFewOutputsWay = {takes, pack_key, pack_floats, pack, run};

}  // namespace tenon::cpu_blas
