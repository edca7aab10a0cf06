// CausalConvWithState: each channel of X (N x C x L) is convolved with its own taps (C x 1 x k) over itself and what
// came before: past_state (N x C x k-1), or zeros. The present state is the last k-1 elements of both. With activation
// silu or swish y becomes y / (1 + exp(-y)). Computed in double.
#include <algorithm>
#include <cmath>
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"

namespace tenon::cpu_ref {
namespace {

class CausalConv final : public sdk::Kernel {
 public:
  explicit CausalConv(bool is_silu) : is_silu_(is_silu) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), w = run.input(1);
    if (x.rank() != 3)
      return sdk::invalid_argument("the input has shape ", sdk::shape_text(x.shape()), ", expected N x C x length");
    if (w.rank() != 3 || w.dim(0) != x.dim(1) || w.dim(1) != 1 || w.dim(2) < 1)
      return sdk::invalid_argument("input weight has shape ", sdk::shape_text(w.shape()), ", expected ", x.dim(1),
                                   "x1x the taps, at least 1");
    if (run.has_input(2) && run.input(2).count() != x.dim(1))
      return sdk::invalid_argument("input bias has shape ", sdk::shape_text(run.input(2).shape()), ", expected ",
                                   x.dim(1));
    const int64_t state_dims[] = {x.dim(0), x.dim(1), w.dim(2) - 1};
    if (run.has_input(3)) {
      const sdk::TensorView past = run.input(3);
      if (past.rank() != 3 || !std::equal(state_dims, state_dims + 3, past.shape().begin()))
        return sdk::invalid_argument("input past_state has shape ", sdk::shape_text(past.shape()), ", expected ",
                                     sdk::shape_text(sdk::ShapeView(state_dims)));
    }
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    sdk::MutableTensorView present;
    if (run.output_wanted(1)) {
      TN_ASSIGN_OR_RETURN(present, run.output(1, x.dtype(), state_dims));
    }
    return visit_floats(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      const double cost = double(x.dim(2)) * double(w.dim(2));
      run.parallel_for(x.dim(0) * x.dim(1), cost, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end && !run.cancelled(); ++i) convolve<T>(run, i, y.data<T>(), present);
      });
      return {};
    });
  }

 private:
  /// Channel `i` of all batch entries.
  template <typename T>
  void convolve(const sdk::RunContext& run, int64_t i, T* y, const sdk::MutableTensorView& present) const {
    const int64_t length = run.input(0).dim(2), taps = run.input(1).dim(2), held = taps - 1;
    const int64_t channel = i % run.input(0).dim(1);
    const T* const x = run.input(0).data<T>() + i * length;
    const T* const w = run.input(1).data<T>() + channel * taps;
    const T* const past = run.has_input(3) ? run.input(3).data<T>() + i * held : nullptr;
    // Element `at` of the past and x, one after the other.
    const auto element = [&](int64_t at) {
      if (at >= held) return double(x[at - held]);
      return past == nullptr ? 0.0 : double(past[at]);
    };
    for (int64_t t = 0; t < length; ++t) {
      double sum = run.has_input(2) ? double(run.input(2).data<T>()[channel]) : 0;
      for (int64_t j = 0; j < taps; ++j) sum += double(w[j]) * element(t + j);
      y[i * length + t] = from_double<T>(is_silu_ ? sum / (1 + std::exp(-sum)) : sum);
    }
    if (present.raw() == nullptr) return;
    for (int64_t j = 0; j < held; ++j) present.data<T>()[i * held + j] = from_double<T>(element(length + j));
  }

  const bool is_silu_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_causal_conv(const sdk::KernelInfo& info) {
  const std::string activation = info.attr_string("activation");
  if (activation != "none" && activation != "silu" && activation != "swish")
    return sdk::invalid_model("attribute activation is '", activation, "', expected none, silu or swish");
  return std::make_unique<CausalConv>(activation != "none");
}

}  // namespace tenon::cpu_ref
