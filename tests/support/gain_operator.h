// An operator of a domain of its own, for tests of providers that describe theirs: y = x * factor.
#pragma once

#include <tenon/sdk/sdk.hpp>

namespace tenon::test {

class Gain final : public sdk::Kernel {
 public:
  explicit Gain(float factor) : factor_(factor) {}
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, TN_FLOAT, x.shape()));
    for (int64_t i = 0; i < x.count(); ++i) y.data<float>()[i] = x.data<float>()[i] * factor_;
    return {};
  }

 private:
  const float factor_;
};

/// y is as large as x; a factor of 13 is refused.
inline sdk::Status infer_gain(const sdk::InferContext& c) {
  const auto x = c.input(0);
  if (c.node().attr_float("factor") == 13) return sdk::invalid_model("a factor of 13 brings no luck");
  if (!x || !x->has_rank()) return {};
  return c.set_output(0, x->shape());
}

}  // namespace tenon::test
