// The kernel of IsNaN and IsInf.
#pragma once

#include <algorithm>
#include <cmath>

#include "convert.h"

namespace tenon::cpu_ref {

/// Y[i] = f(X[i] as double), as bool, for X of any floating-point type.
template <typename F>
class Classifier final : public sdk::Kernel {
 public:
  explicit Classifier(F f) : f_(f) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (!is_number(x.dtype())) return sdk::unsupported("no implementation for ", sdk::dtype_name(x.dtype()));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_BOOL, x.shape()));
    const int64_t count = x.count();
    NumberBlock block;
    for (int64_t begin = 0; begin < count; begin += NumberBlock::kCapacity) {
      read_block(x, begin, std::min(count - begin, NumberBlock::kCapacity), block);
      for (int64_t i = 0; i < block.count; ++i)
        y.data<bool>()[begin + i] = block.kind == NumberBlock::Kind::kFloating && f_(block.floating[i]);
    }
    return {};
  }

 private:
  F f_;
};

template <typename F>
sdk::Result<sdk::KernelPtr> make_classifier(F f) {
  return std::make_unique<Classifier<F>>(f);
}

}  // namespace tenon::cpu_ref
