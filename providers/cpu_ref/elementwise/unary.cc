// The kernels of the rows in unary.inc.
#include "elementwise/elementwise.h"
#include "elementwise/functions.h"

namespace tenon::cpu_ref {

#define UNARY(op_type, since, types, ...)                              \
  sdk::Result<sdk::KernelPtr> make_##op_type(const sdk::KernelInfo&) { \
    return make_unary<types>([](auto x) { return __VA_ARGS__; });      \
  }
#define UNARY_OF(domain, op_type, since, types, attribute, ...)             \
  sdk::Result<sdk::KernelPtr> make_##op_type(const sdk::KernelInfo& info) { \
    const float attribute = info.attr_float(#attribute);                    \
    return make_unary<types>([attribute](auto x) { return __VA_ARGS__; });  \
  }
#define UNARY_OF_2(domain, op_type, since, types, first, second, ...)          \
  sdk::Result<sdk::KernelPtr> make_##op_type(const sdk::KernelInfo& info) {    \
    const float first = info.attr_float(#first);                               \
    const float second = info.attr_float(#second);                             \
    return make_unary<types>([first, second](auto x) { return __VA_ARGS__; }); \
  }
#include "elementwise/unary.inc"
#undef UNARY
#undef UNARY_OF
#undef UNARY_OF_2

}  // namespace tenon::cpu_ref
