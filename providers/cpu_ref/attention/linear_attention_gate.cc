// LinearAttentionGate: decay = decay_scale * softplus(a + dt_bias), with a number of scale and bias for each place
// along the last axis of a, and beta = sigmoid(b). Computed in double; decay may be a.
#include <cmath>
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"
#include "elementwise/functions.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

class LinearAttentionGate final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView a = run.input(0), bias = run.input(1), scale = run.input(2);
    if (a.rank() == 0) return sdk::invalid_argument("input a is a scalar, expected ... x heads");
    const int64_t heads = a.dim(a.rank() - 1);
    for (const sdk::TensorView& t : {bias, scale})
      if (t.count() != heads)
        return sdk::invalid_argument("inputs dt_bias and decay_scale have shapes ", sdk::shape_text(bias.shape()),
                                     " and ", sdk::shape_text(scale.shape()), ", expected ", heads, " numbers each");
    const bool has_beta = run.output_wanted(1);
    if (has_beta && to_shape(run.input(3).shape()) != to_shape(a.shape()))
      return sdk::invalid_argument("input b has shape ", sdk::shape_text(run.input(3).shape()), ", expected ",
                                   sdk::shape_text(a.shape()), " as a");
    // Before decay, which may take the memory of a, and b may be a.
    if (has_beta) {
      TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView beta, run.output(1, a.dtype(), a.shape()));
      TN_RETURN_IF_ERROR(visit_floats(a.dtype(), [&](auto tag) -> sdk::Status {
        using T = decltype(tag);
        const T* const b = run.input(3).data<T>();
        for (int64_t i = 0; i < a.count(); ++i) beta.data<T>()[i] = from_double<T>(sigmoid(double(b[i])));
        return {};
      }));
    }
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView decay, run.output(0, a.dtype(), a.shape()));
    return visit_floats(a.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      for (int64_t i = 0; i < a.count(); ++i) {
        const int64_t head = i % heads;
        decay.data<T>()[i] = from_double<T>(double(scale.data<float>()[head]) *
                                            softplus(double(a.data<T>()[i]) + double(bias.data<float>()[head])));
      }
      return {};
    });
  }
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_linear_attention_gate(const sdk::KernelInfo& info) {
  if (info.output_count() > 1 && info.output(1) && !(info.input_count() > 3 && info.input(3)))
    return sdk::invalid_model("output beta is wanted, but input b is left out, expected both");
  return std::make_unique<LinearAttentionGate>();
}

}  // namespace tenon::cpu_ref
