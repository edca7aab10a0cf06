// Clip: Y = min(max(X, lo), hi), element by element, so hi wins where lo > hi; NaN stays NaN. The bounds are attributes
// before opset 11 and scalar inputs since; one that is left out does not bound, but in opset 6 to 10, where it is that
// of float. Y may be X.
#include <optional>
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"

namespace tenon::cpu_ref {
namespace {

class Clip final : public sdk::Kernel {
 public:
  explicit Clip(const sdk::KernelInfo& info) {
    if (info.since_version() >= 11) return;
    if (info.has_float("min")) low_ = info.attr_float("min");
    if (info.has_float("max")) high_ = info.attr_float("max");
  }

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    return visit_numeric(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      using C = Compute<T>;
      TN_ASSIGN_OR_RETURN(const std::optional<C> low, bound<T>(run, 1, "min", low_));
      TN_ASSIGN_OR_RETURN(const std::optional<C> high, bound<T>(run, 2, "max", high_));
      const T* in = x.data<T>();
      T* out = y.template data<T>();
      const int64_t count = x.count();
      for (int64_t i = 0; i < count; ++i) {
        C value = static_cast<C>(in[i]);
        if (low && value < *low) value = *low;
        if (high && value > *high) value = *high;
        out[i] = static_cast<T>(value);
      }
      return {};
    });
  }

 private:
  template <typename T>
  static sdk::Result<std::optional<Compute<T>>> bound(sdk::RunContext& run, uint32_t input, const char* name,
                                                      std::optional<float> attribute) {
    std::optional<Compute<T>> value;
    if (attribute) {
      value = static_cast<Compute<T>>(from_double<T>(*attribute));
    } else if (run.has_input(input)) {
      const sdk::TensorView t = run.input(input);
      if (t.count() != 1)
        return sdk::invalid_argument("input ", name, " is ", sdk::shape_text(t.shape()), ", expected a scalar");
      value = static_cast<Compute<T>>(t.data<T>()[0]);
    }
    return value;
  }

  std::optional<float> low_;
  std::optional<float> high_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_clip(const sdk::KernelInfo& info) {
  return std::make_unique<Clip>(info);
}

}  // namespace tenon::cpu_ref
