// A tensor seen as lanes along one axis, for operators that work on a lane at a time (Softmax, Hardmax,
// LpNormalization).
#pragma once

#include <tenon/sdk/geometry/lanes.hpp>
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"
#include "shape_math.h"

namespace tenon::cpu_ref {

/// Y has the shape and type of X, and f(lane in, lane out, length, step) fills it lane by lane; values are T, `step`
/// apart. Y may be X when f reads all of a lane that it needs before it overwrites it.
template <typename List, typename F>
class LaneKernel final : public sdk::Kernel {
 public:
  /// `flattens`: a lane spans `axis` and all axes after it.
  LaneKernel(int64_t axis, bool flattens, F f) : axis_(axis), flattens_(flattens), f_(std::move(f)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const sdk::Lanes lanes, sdk::Lanes::of_softmax(x.shape(), axis_, flattens_));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    if (lanes.length == 0) return {};
    return visit_list(List{}, x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      for (int64_t o = 0; o < lanes.outer; ++o) {
        for (int64_t n = 0; n < lanes.inner; ++n) {
          const int64_t at = o * lanes.length * lanes.inner + n;
          f_(x.data<T>() + at, y.template data<T>() + at, lanes.length, lanes.inner);
        }
      }
      return {};
    });
  }

 private:
  int64_t axis_;
  bool flattens_;
  F f_;
};

}  // namespace tenon::cpu_ref
