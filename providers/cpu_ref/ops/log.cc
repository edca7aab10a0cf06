// Log: Y = ln X, element by element. Y may be X. NaN below 0.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_log(const sdk::KernelInfo&) {
  return make_unary<FloatTypes>([](auto x) { return std::log(x); });
}

}  // namespace tenon::cpu_ref
