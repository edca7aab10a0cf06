// ArgMax and ArgMin: the index of the largest or smallest element along the axis, as int64; a NaN beats every number.
// The first of several, or the last with select_last_index=1.
#include <tenon/sdk/geometry/lanes.hpp>
#include <tenon/sdk/geometry/reduce.hpp>
#include <tenon/sdk/kernel.hpp>

#include "dispatch.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

/// reduced = the index along the axis of the largest or smallest element there; NaN beats every number.
class ArgPick final : public sdk::Kernel {
 public:
  /// `sign`: 1 picks the largest, -1 the smallest.
  ArgPick(const sdk::KernelInfo& info, int sign)
      : sign_(sign),
        axis_(info.attr_int("axis")),
        keeps_dims_(info.attr_int("keepdims") != 0),
        picks_last_(info.attr_int("select_last_index") != 0) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const std::vector<bool> picked, sdk::picked_axis(axis_, x.shape().size()));
    TN_ASSIGN_OR_RETURN(const sdk::Lanes lanes, sdk::Lanes::along(x.shape(), axis_));
    const sdk::Shape shape = sdk::reduced_shape(x.shape(), picked, keeps_dims_, int64_t{1});
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_INT64, shape));
    if (lanes.length == 0 && y.count() > 0)
      return sdk::invalid_argument("axis ", axis_, " of ", sdk::shape_text(x.shape()),
                                   " has no elements, expected at least one to pick from");
    return visit_numeric(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      int64_t* out = y.template data<int64_t>();
      for (int64_t o = 0; o < lanes.outer; ++o)
        for (int64_t n = 0; n < lanes.inner; ++n)
          *out++ = pick(x.data<T>() + o * lanes.length * lanes.inner + n, lanes.length, lanes.inner);
      return {};
    });
  }

 private:
  template <typename T>
  int64_t pick(const T* lane, int64_t length, int64_t step) const {
    using C = Compute<T>;
    int64_t best = 0;
    for (int64_t i = 1; i < length; ++i) {
      const C value = static_cast<C>(lane[i * step]), champion = static_cast<C>(lane[best * step]);
      const bool is_nan = value != value, champion_is_nan = champion != champion;
      const bool better = is_nan ? !champion_is_nan : sign_ > 0 ? value > champion : value < champion;
      const bool equal = value == champion || (is_nan && champion_is_nan);
      if ((better && !champion_is_nan) || (picks_last_ && equal)) best = i;
    }
    return best;
  }

  int sign_;
  int64_t axis_;
  bool keeps_dims_;
  bool picks_last_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_arg_max(const sdk::KernelInfo& info) {
  return std::make_unique<ArgPick>(info, 1);
}

sdk::Result<sdk::KernelPtr> make_arg_min(const sdk::KernelInfo& info) {
  return std::make_unique<ArgPick>(info, -1);
}

}  // namespace tenon::cpu_ref
