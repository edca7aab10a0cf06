// ReduceProd: the product over the axes; 1 over nothing. Integers wrap around.
#include "reduce.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_reduce_prod(const sdk::KernelInfo& info) {
  return make_reduce<NumericTypes>(info, [](auto tag, const auto& each, int64_t) {
    using T = decltype(tag);
    Accumulator<T> product = 1;
    each([&](auto v) { product = wrapping_multiply(product, static_cast<Accumulator<T>>(v)); });
    return from_accumulator<T>(product);
  });
}

}  // namespace tenon::cpu_ref
