// Output pixels of a channels-last convolution as rows of a matrix that is never made: of each kernel position, a row
// is a pixel of the image, at which a pointer points; padding is a row of zeros. Where pixels have few channels, a row
// of the kernel is one run of neighbours, and only windows that padding cuts are copied.
#pragma once

#include "conv/channels_last/last_conv_call.h"

namespace tenon::cpu_blas {

/// How K, the elements of a window in the order of KD, KH, KW and C, is walked: `taps` runs of `depth` floats; is_wide:
/// a run is a row of the kernel, else a pixel's channels of one group.
struct KernelWalk {
  bool is_wide;
  int64_t taps, depth;
};
KernelWalk plan_walk(const LastConvShape& shape);

/// Memory for pointers to the rows of a part of the result, for each worker. Lives as long as the run's scratch;
/// borrows the call. Threads may share it, each with its own worker's number.
class PixelRows {
 public:
  /// Room for `rows` rows of `taps` taps at a time: all of them if the walk is wide.
  static sdk::Result<PixelRows> create(sdk::RunContext& run, const LastConvCall& call, const KernelWalk& walk,
                                       int64_t rows, int64_t taps);
  /// Where the taps [tap_begin, tap_end) of the output pixels [first, first + count) of all images lie: tap t of pixel
  /// i at [(t - tap_begin) * count + i], the channels of all groups. Until the worker's next call.
  const float* const* point(uint32_t worker, int64_t first, int64_t count, int64_t tap_begin, int64_t tap_end) const;
  /// Where padding lies.
  const float* zeros() const { return zeros_; }

 private:
  const LastConvCall* call_ = nullptr;
  KernelWalk walk_{};
  float* zeros_ = nullptr;
  const float** pointers_ = nullptr;
  float* copies_ = nullptr;
  size_t worker_pointers_ = 0, worker_copies_ = 0;
};

}  // namespace tenon::cpu_blas
