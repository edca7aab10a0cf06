// Softmax: Y = e^(X - m) / sum of e^(X - m) along the axis, m being the largest X there; sums in double. Y may be X.
#include "lanes.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_softmax(const sdk::KernelInfo& info) {
  return make_softmax_like(info, [](const auto* x, auto* y, int64_t length, int64_t step) {
    using T = std::decay_t<decltype(*y)>;
    double largest = double(x[0]);
    for (int64_t i = 1; i < length; ++i) largest = nan_max(largest, double(x[i * step]));
    double sum = 0;
    for (int64_t i = 0; i < length; ++i) sum += std::exp(double(x[i * step]) - largest);
    for (int64_t i = 0; i < length; ++i) y[i * step] = from_double<T>(std::exp(double(x[i * step]) - largest) / sum);
  });
}

}  // namespace tenon::cpu_ref
