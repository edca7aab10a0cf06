// IsNaN: Y = X is NaN, element by element, for float8 types too. Y is bool.
#include "classify.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_is_nan(const sdk::KernelInfo&) {
  return make_classifier([](double x) { return std::isnan(x); });
}

}  // namespace tenon::cpu_ref
