// Cast between float, int32, int64 and bool: rounds toward zero; a float out of an integer's range gives its nearest
// bound, NaN gives 0. Anything but zero is true.
#include <cmath>
#include <limits>

#include "common.h"

namespace tenon::cpu_blas {
namespace {

template <typename To, typename From>
To convert(From value) {
  if constexpr (std::is_same_v<To, bool>) {
    return value != From(0);
  } else if constexpr (std::is_same_v<From, float> && std::is_integral_v<To>) {
    // The bounds as floats may lie one step outside the integer's range, hence the comparisons with equality.
    if (std::isnan(value)) return 0;
    if (value >= static_cast<float>(std::numeric_limits<To>::max())) return std::numeric_limits<To>::max();
    if (value <= static_cast<float>(std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
    return static_cast<To>(value);
  } else {
    return static_cast<To>(value);
  }
}

template <typename From, typename To>
void convert_all(const sdk::TensorView& x, const sdk::MutableTensorView& y) {
  To* to = y.data<To>();
  if constexpr (std::is_same_v<From, bool>) {
    // A byte that is neither 0 nor 1 is no bool to C++; a model may hold one.
    const uint8_t* from = x.data<uint8_t>();
    for (int64_t i = 0; i < x.count(); ++i) to[i] = convert<To>(from[i] != 0);
  } else {
    const From* from = x.data<From>();
    for (int64_t i = 0; i < x.count(); ++i) to[i] = convert<To>(from[i]);
  }
}

template <typename From>
sdk::Status convert_to(const sdk::TensorView& x, const sdk::MutableTensorView& y) {
  switch (y.dtype()) {
    case TN_FLOAT: convert_all<From, float>(x, y); return {};
    case TN_INT32: convert_all<From, int32_t>(x, y); return {};
    case TN_INT64: convert_all<From, int64_t>(x, y); return {};
    case TN_BOOL: convert_all<From, bool>(x, y); return {};
    default: return sdk::unsupported("no cast to ", sdk::dtype_name(y.dtype()));
  }
}

class Cast final : public sdk::Kernel {
 public:
  explicit Cast(tn_dtype to) : to_(to) {}
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, to_, x.shape()));
    switch (x.dtype()) {
      case TN_FLOAT: return convert_to<float>(x, y);
      case TN_INT32: return convert_to<int32_t>(x, y);
      case TN_INT64: return convert_to<int64_t>(x, y);
      case TN_BOOL: return convert_to<bool>(x, y);
      default: return sdk::unsupported("no cast from ", sdk::dtype_name(x.dtype()));
    }
  }

 private:
  tn_dtype to_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_cast(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<Cast>(static_cast<tn_dtype>(info.attr_int("to", TN_FLOAT))));
}

}  // namespace tenon::cpu_blas
