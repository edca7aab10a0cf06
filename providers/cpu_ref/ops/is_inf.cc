// IsInf: Y = X is an infinity of a sign that detect_positive and detect_negative ask for, element by element, for
// float8 types too. Y is bool.
#include "classify.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_is_inf(const sdk::KernelInfo& info) {
  const bool positive = info.attr_int("detect_positive", 1) != 0;
  const bool negative = info.attr_int("detect_negative", 1) != 0;
  return make_classifier([=](double x) { return std::isinf(x) && (x > 0 ? positive : negative); });
}

}  // namespace tenon::cpu_ref
