// Gelu: Y = X/2 * (1 + erf(X / sqrt 2)), or with approximate="tanh" X/2 * (1 + tanh(sqrt(2/pi) * (X + 0.044715 X^3))).
// Y may be X.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_gelu(const sdk::KernelInfo& info) {
  const std::string approximate = info.attr_string("approximate", "none");
  if (approximate == "tanh") {
    return make_unary<FloatTypes>([](auto x) {
      using T = decltype(x);
      return x / 2 * (1 + std::tanh(T(0.7978845608028654) * (x + T(0.044715) * x * x * x)));
    });
  }
  if (approximate != "none")
    return sdk::invalid_model("attribute approximate is '", approximate, "', expected 'none' or 'tanh'");
  return make_unary<FloatTypes>([](auto x) {
    using T = decltype(x);
    return x / 2 * (1 + std::erf(x * T(0.7071067811865476)));
  });
}

}  // namespace tenon::cpu_ref
