// The core of LayerNormalization and RMSNormalization: statistics over the axes from `axis` on, then a scale and a bias
// that broadcast to X.
#pragma once

#include "broadcast.h"
#include "lanes.h"

namespace tenon::cpu_ref {

/// Y = (X - m) / sqrt(v + epsilon) * scale + bias per row of normalized axes. `centers`: m is the mean and v the
/// variance; otherwise m is 0 and v the mean of squares. All is computed in double. Y may be X.
class NormalizeKernel : public sdk::Kernel {
 public:
  /// TN_INVALID_MODEL where stash_type is no floating-point type.
  static sdk::Result<sdk::KernelPtr> create(const sdk::KernelInfo& info, bool centers);
  NormalizeKernel(const sdk::KernelInfo& info, bool centers)
      : centers_(centers),
        axis_(info.attr_int("axis", -1)),
        epsilon_(info.attr_float("epsilon", 1e-5f)),
        statistics_dtype_(static_cast<tn_dtype>(info.attr_int("stash_type", TN_FLOAT))) {}

  sdk::Status run(sdk::RunContext& run) const override;

 private:
  /// Fills mean and inverse deviation of each row, and the outputs that report them where wanted.
  sdk::Status measure(sdk::RunContext& run, const sdk::TensorView& x, const sdk::Lanes& rows, double* mean,
                      double* inverse) const;
  sdk::Status write_statistics(sdk::RunContext& run, uint32_t output, sdk::ShapeView shape, const double* values,
                               int64_t count) const;

  bool centers_;
  int64_t axis_;
  float epsilon_;
  tn_dtype statistics_dtype_;
};

}  // namespace tenon::cpu_ref
