// Erf: Y = 2/sqrt(pi) * integral of e^(-t^2) for t in [0, X], element by element; integers are computed in double and
// truncated. Y may be X.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_erf(const sdk::KernelInfo&) {
  return make_unary<NumericTypes>([](auto x) {
    if constexpr (std::is_integral_v<decltype(x)>) {
      return truncate_to<decltype(x)>(std::erf(static_cast<double>(x)));
    } else {
      return std::erf(x);
    }
  });
}

}  // namespace tenon::cpu_ref
