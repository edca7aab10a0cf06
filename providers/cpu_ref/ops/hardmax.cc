// Hardmax: Y is 1 at the first largest X along the axis and 0 elsewhere; a NaN counts as the largest. Y may be X.
#include "lanes.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_hardmax(const sdk::KernelInfo& info) {
  return make_softmax_like(info, [](const auto* x, auto* y, int64_t length, int64_t step) {
    using T = std::decay_t<decltype(*y)>;
    int64_t best = 0;
    for (int64_t i = 1; i < length; ++i) {
      const double value = double(x[i * step]), largest = double(x[best * step]);
      if (value > largest || (value != value && largest == largest)) best = i;
    }
    for (int64_t i = 0; i < length; ++i) y[i * step] = from_double<T>(i == best ? 1 : 0);
  });
}

}  // namespace tenon::cpu_ref
