// Equal: C = (A == B) with broadcasting; strings by their bytes, NaN equals nothing. C is bool.
#include "elementwise.h"

namespace tenon::cpu_ref {
namespace {

using EqualTypes = TypeList<float, double, sdk::Float16, sdk::BFloat16, int8_t, int16_t, int32_t, int64_t, uint8_t,
                            uint16_t, uint32_t, uint64_t, bool, tn_str>;

}  // namespace

sdk::Result<sdk::KernelPtr> make_equal(const sdk::KernelInfo& info) {
  return make_comparison<EqualTypes>(info, [](const auto& a, const auto& b) {
    if constexpr (std::is_same_v<std::decay_t<decltype(a)>, tn_str>) {
      return sdk::view(a) == sdk::view(b);
    } else {
      return a == b;
    }
  });
}

}  // namespace tenon::cpu_ref
