// Not: Y = !X, element by element. Y may be X.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_not(const sdk::KernelInfo&) {
  return make_unary<TypeList<bool>>([](bool x) { return !x; });
}

}  // namespace tenon::cpu_ref
