// The kernels of the rows in binary.inc.
#include "elementwise/elementwise.h"
#include "elementwise/functions.h"

namespace tenon::cpu_ref {

#define BINARY(op_type, since, types, ...)                                       \
  sdk::Result<sdk::KernelPtr> make_##op_type(const sdk::KernelInfo& info) {      \
    return make_binary<types>(info, [](auto a, auto b) { return __VA_ARGS__; }); \
  }
#define COMPARISON(op_type, since, types, ...)                                       \
  sdk::Result<sdk::KernelPtr> make_##op_type(const sdk::KernelInfo& info) {          \
    return make_comparison<types>(info, [](auto a, auto b) { return __VA_ARGS__; }); \
  }
#define VARIADIC(op_type, since, types, fold, finish)                                                             \
  sdk::Result<sdk::KernelPtr> make_##op_type(const sdk::KernelInfo& info) {                                       \
    return make_variadic<types>(                                                                                  \
        info, [](auto a, auto b) { return fold; }, [](auto value, [[maybe_unused]] size_t n) { return finish; }); \
  }
#include "elementwise/binary.inc"
#undef BINARY
#undef COMPARISON
#undef VARIADIC

}  // namespace tenon::cpu_ref
