// One input channel a group. The weight is packed as KH x KW x M, so that vectors lie along channels; rows of outputs
// are spread over threads. Where a channel has several outputs, the image is spread to one channel for each, into
// scratch.
#include "simd/depthwise.h"

#include <algorithm>

#include "conv/channels_last/finish.h"
#include "conv/channels_last/ways.h"

namespace tenon::cpu_blas {
namespace {

bool takes(const LastConvShape& shape) {
  return shape.is_depthwise();
}

std::string pack_key(const LastConvShape&) {
  return "depthwise_last/1";
}

uint64_t pack_floats(const LastConvShape& shape) {
  return static_cast<uint64_t>(shape.taps()) * static_cast<uint64_t>(shape.outputs);
}

void pack(const LastConvShape& shape, const float* w, float* packed) {
  for (int64_t tap = 0; tap < shape.taps(); ++tap)
    for (int64_t m = 0; m < shape.outputs; ++m) *packed++ = w[m * shape.taps() + tap];
}

/// to[p][c * copies + i] = from[p][c], of [begin, end) pixels.
void spread(const float* from, int64_t channels, int64_t copies, int64_t begin, int64_t end, float* to) {
  from += begin * channels;
  to += begin * channels * copies;
  for (int64_t i = 0; i < (end - begin) * channels; ++i, to += copies) std::fill_n(to, copies, from[i]);
}

void convolve_row(const LastConvCall& call, const float* image, int64_t n, int64_t oh) {
  const WindowAxis &h = call.window.h, &w = call.window.w;
  const int64_t channels = call.shape.outputs, at = (n * call.out_pixels + oh * w.out) * channels;
  const WindowAxis::Range taps = h.taps_on(oh, 0, h.in);
  simd::DepthwiseRow row{};
  row.w = w;
  row.channels = channels;
  row.rows = taps.end - taps.begin;
  row.x = row.rows > 0 ? image + h.input_of(oh, taps.begin) * w.in * channels : image;
  row.x_step = row.rows > 1 ? h.dilation * w.in * channels : 0;
  row.weights = call.packed + taps.begin * w.kernel * channels;
  row.y = call.y + at;
  row.residual = call.residual != nullptr ? call.residual + at : nullptr;
  row.scale = call.scale;
  row.shift = call.shift;
  row.low = low_bound(call.activation);
  row.high = high_bound(call.activation);
  simd::depthwise_row(row);
  finish_tile(call, n * call.out_pixels + oh * w.out, w.out, 0, channels);
}

sdk::Status run(sdk::RunContext& run, const LastConvCall& call) {
  const int64_t channels = call.shape.channels(), copies = call.shape.group_outputs();
  float* wide = nullptr;
  if (copies > 1) {
    int64_t floats;
    if (__builtin_mul_overflow(call.in_pixels, call.shape.outputs, &floats))
      return sdk::invalid_model("an image of ", call.in_pixels, " pixels with ", call.shape.outputs,
                                " output channels does not count in 64 bits");
    TN_ASSIGN_OR_RETURN(wide, run.scratch<float>(static_cast<size_t>(floats)));
  }
  // Nanoseconds, at some 8 products in one.
  const double cost = static_cast<double>(call.window.w.out) * static_cast<double>(call.shape.outputs) *
                      static_cast<double>(call.shape.taps()) / 8;
  const auto rows = [&](const float* images, int64_t first, int64_t count) {
    const int64_t image = call.in_pixels * call.shape.outputs;
    run.parallel_for(count * call.window.h.out, cost, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        convolve_row(call, images + i / call.window.h.out * image, first + i / call.window.h.out,
                     i % call.window.h.out);
    });
  };
  if (copies == 1) {
    rows(call.x, 0, call.images);
    return {};
  }
  for (int64_t n = 0; n < call.images; ++n) {
    run.parallel_for(call.in_pixels, static_cast<double>(call.shape.outputs) / 4, [&](int64_t begin, int64_t end) {
      spread(call.x + n * call.in_pixels * channels, channels, copies, begin, end, wide);
    });
    rows(wide, n, 1);
  }
  return {};
}

}  // namespace

const LastConvWay kDepthwiseWay{takes, pack_key, pack_floats, pack, run};

}  // namespace tenon::cpu_blas
