// Or: C = A OR B on booleans, with broadcasting. C may be A or B.
#include "elementwise.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_or(const sdk::KernelInfo& info) {
  return make_binary<TypeList<bool>>(info, [](auto a, auto b) { return a || b; });
}

}  // namespace tenon::cpu_ref
