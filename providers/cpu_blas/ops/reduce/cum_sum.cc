// CumSum: running sums along the axis in input 1, inclusive or exclusive, from either end. Floats are summed in double;
// integers wrap around. Y may be X.
#include <algorithm>
#include <tenon/sdk/geometry/lanes.hpp>

#include "common.h"

namespace tenon::cpu_blas {
namespace {

class CumSum final : public sdk::Kernel {
 public:
  explicit CumSum(const sdk::KernelInfo& info)
      : node_(describe(info)), exclusive_(info.attr_int("exclusive") != 0), reverse_(info.attr_int("reverse") != 0) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const std::vector<int64_t> axis, read_integers(node_, run.input(1)));
    if (axis.size() != 1 || run.input(1).rank() > 1)
      return sdk::invalid_argument(node_, ": input axis has ", axis.size(), " elements, expected a scalar");
    TN_ASSIGN_OR_RETURN(const sdk::Lanes lanes, sdk::Lanes::along(x.shape(), axis[0]));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    if (y.count() == 0) return {};
    switch (x.dtype()) {
      case TN_INT32: sums<int32_t, uint32_t>(run, lanes, x, y); break;
      case TN_INT64: sums<int64_t, uint64_t>(run, lanes, x, y); break;
      default: sums<float, double>(run, lanes, x, y);
    }
    return {};
  }

 private:
  static constexpr int64_t kColumns = 64;

  template <typename T, typename Sum>
  void sums(sdk::RunContext& run, const sdk::Lanes& lanes, const sdk::TensorView& x,
            const sdk::MutableTensorView& y) const {
    const int64_t pieces = ceil_div(lanes.inner, kColumns);
    const auto each = static_cast<double>(lanes.length * std::min(kColumns, lanes.inner));
    run.parallel_for(lanes.outer * pieces, each + 10, [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p) {
        const int64_t c = p % pieces * kColumns, at = p / pieces * lanes.length * lanes.inner + c;
        columns<T, Sum>(x.data<T>() + at, y.data<T>() + at, lanes, std::min(kColumns, lanes.inner - c));
      }
    });
  }

  template <typename T, typename Sum>
  void columns(const T* x, T* y, const sdk::Lanes& lanes, int64_t count) const {
    Sum sum[kColumns] = {};
    for (int64_t k = 0; k < lanes.length; ++k) {
      const int64_t row = (reverse_ ? lanes.length - 1 - k : k) * lanes.inner;
      for (int64_t c = 0; c < count; ++c) {
        const Sum next = sum[c] + static_cast<Sum>(x[row + c]);
        y[row + c] = static_cast<T>(exclusive_ ? sum[c] : next);
        sum[c] = next;
      }
    }
  }

  std::string node_;
  bool exclusive_, reverse_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_cum_sum(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<CumSum>(info));
}

}  // namespace tenon::cpu_blas
