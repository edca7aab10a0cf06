// ArgMax and ArgMin: the index of the largest or smallest element along the axis, as int64; a NaN beats every number.
// The first of several, or the last with select_last_index=1.
#include <algorithm>
#include <tenon/sdk/geometry/lanes.hpp>
#include <tenon/sdk/geometry/reduce.hpp>

#include "common.h"
#include "simd/pick.h"

namespace tenon::cpu_blas {
namespace {

class ArgPick final : public sdk::Kernel {
 public:
  ArgPick(const sdk::KernelInfo& info, bool largest)
      : node_(describe(info)),
        pick_{largest, info.attr_int("select_last_index") != 0},
        axis_(info.attr_int("axis")),
        keeps_dims_(info.attr_int("keepdims") != 0) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const std::vector<bool> picked, sdk::picked_axis(axis_, x.shape().size()));
    TN_ASSIGN_OR_RETURN(const sdk::Lanes lanes, sdk::Lanes::along(x.shape(), axis_));
    const sdk::Shape shape = sdk::reduced_shape(x.shape(), picked, keeps_dims_, int64_t{1});
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_INT64, shape));
    if (y.count() == 0) return {};
    if (lanes.length == 0 || lanes.length > INT32_MAX)
      return sdk::invalid_argument(node_, ": axis ", axis_, " of ", sdk::shape_text(x.shape()), " has ", lanes.length,
                                   " elements, expected 1 to ", INT32_MAX, " to pick from");
    int64_t* out = y.data<int64_t>();
    switch (x.dtype()) {
      case TN_INT32: integers(run, x.data<int32_t>(), lanes, out); break;
      case TN_INT64: integers(run, x.data<int64_t>(), lanes, out); break;
      default: floats(run, x.data<float>(), lanes, out);
    }
    return {};
  }

 private:
  void floats(sdk::RunContext& run, const float* x, const sdk::Lanes& lanes, int64_t* y) const {
    const auto length = static_cast<double>(lanes.length);
    if (lanes.inner == 1) {
      run.parallel_for(lanes.outer, length * 0.2 + 10, [&](int64_t begin, int64_t end) {
        for (int64_t o = begin; o < end; ++o) y[o] = simd::pick_in_row(pick_, x + o * lanes.length, lanes.length);
      });
      return;
    }
    constexpr int64_t kColumns = 64;
    const int64_t pieces = ceil_div(lanes.inner, kColumns);
    run.parallel_for(lanes.outer * pieces, length * static_cast<double>(std::min(kColumns, lanes.inner)) * 0.2 + 10,
                     [&](int64_t begin, int64_t end) {
                       for (int64_t p = begin; p < end; ++p) {
                         const int64_t c = p % pieces * kColumns, o = p / pieces;
                         simd::pick_in_columns(pick_, x + o * lanes.length * lanes.inner + c, lanes.length, lanes.inner,
                                               std::min(kColumns, lanes.inner - c), y + o * lanes.inner + c);
                       }
                     });
  }

  template <typename T>
  void integers(sdk::RunContext& run, const T* x, const sdk::Lanes& lanes, int64_t* y) const {
    run.parallel_for(lanes.outer * lanes.inner, static_cast<double>(lanes.length) + 10,
                     [&](int64_t begin, int64_t end) {
                       for (int64_t i = begin; i < end; ++i) {
                         const T* lane = x + i / lanes.inner * lanes.length * lanes.inner + i % lanes.inner;
                         int64_t at = 0;
                         for (int64_t r = 1; r < lanes.length; ++r) {
                           const T v = lane[r * lanes.inner], best = lane[at * lanes.inner];
                           if ((pick_.largest ? v > best : v < best) || (pick_.last && v == best)) at = r;
                         }
                         y[i] = at;
                       }
                     });
  }

  std::string node_;
  simd::Pick pick_;
  int64_t axis_;
  bool keeps_dims_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_arg_max(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<ArgPick>(info, true));
}

sdk::Result<sdk::KernelPtr> make_arg_min(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<ArgPick>(info, false));
}

}  // namespace tenon::cpu_blas
