// CumSum and CumProd: running sums and products along the axis in input 1, inclusive or exclusive, from either end;
// integers wrap around. Y may be X.
#include <tenon/sdk/geometry/lanes.hpp>
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

/// y[i] = x[0] op ... op x[i] along the axis in input 1, from `start`; `exclusive` leaves x[i] itself out, `reverse`
/// runs from the end. Values are held in Accumulator<T>. y may be x.
template <typename F>
class Cumulate final : public sdk::Kernel {
 public:
  Cumulate(const sdk::KernelInfo& info, int start, F f)
      : exclusive_(info.attr_int("exclusive") != 0), reverse_(info.attr_int("reverse") != 0), start_(start), f_(f) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const sdk::Shape axis, read_ints(run.input(1), "axis"));
    if (axis.size() != 1) return sdk::invalid_argument("input axis has ", axis.size(), " elements, expected a scalar");
    TN_ASSIGN_OR_RETURN(const sdk::Lanes lanes, sdk::Lanes::along(x.shape(), axis[0]));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    return visit_numeric(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      for (int64_t o = 0; o < lanes.outer; ++o)
        for (int64_t n = 0; n < lanes.inner; ++n) {
          const int64_t at = o * lanes.length * lanes.inner + n;
          lane(x.data<T>() + at, y.template data<T>() + at, lanes.length, lanes.inner);
        }
      return {};
    });
  }

 private:
  template <typename T>
  void lane(const T* in, T* out, int64_t length, int64_t step) const {
    Accumulator<T> value = start_;
    for (int64_t k = 0; k < length; ++k) {
      const int64_t i = (reverse_ ? length - 1 - k : k) * step;
      const Accumulator<T> next = f_(value, static_cast<Accumulator<T>>(static_cast<Compute<T>>(in[i])));
      out[i] = from_accumulator<T>(exclusive_ ? value : next);
      value = next;
    }
  }

  bool exclusive_;
  bool reverse_;
  int start_;
  F f_;
};

template <typename F>
sdk::Result<sdk::KernelPtr> make_cumulate(const sdk::KernelInfo& info, int start, F f) {
  return std::make_unique<Cumulate<F>>(info, start, f);
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_cum_prod(const sdk::KernelInfo& info) {
  return make_cumulate(info, 1, [](auto a, auto b) { return wrapping_multiply(a, b); });
}

sdk::Result<sdk::KernelPtr> make_cum_sum(const sdk::KernelInfo& info) {
  return make_cumulate(info, 0, [](auto a, auto b) { return wrapping_add(a, b); });
}

}  // namespace tenon::cpu_ref
