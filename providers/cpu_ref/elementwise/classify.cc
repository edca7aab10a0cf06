// IsNaN: Y = X is NaN. IsInf: Y = X is an infinity of a sign that detect_positive and detect_negative ask for. Element
// by element, for float8 types too. Y is bool.
#include <algorithm>
#include <cmath>

#include "convert/convert.h"

namespace tenon::cpu_ref {
namespace {

/// Y[i] = f(X[i] as double), as bool, for X of any floating-point type.
template <typename F>
class Classifier final : public sdk::Kernel {
 public:
  explicit Classifier(F f) : f_(f) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
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

}  // namespace

sdk::Result<sdk::KernelPtr> make_is_inf(const sdk::KernelInfo& info) {
  const bool positive = info.attr_int("detect_positive") != 0;
  const bool negative = info.attr_int("detect_negative") != 0;
  return make_classifier([=](double x) { return std::isinf(x) && (x > 0 ? positive : negative); });
}

sdk::Result<sdk::KernelPtr> make_is_nan(const sdk::KernelInfo&) {
  return make_classifier([](double x) { return std::isnan(x); });
}

}  // namespace tenon::cpu_ref
