// Softmax: Y = e^(X - m) / sum of e^(X - m) along the axis, m being the largest X there. As in the function body of the
// specification, the difference, the exponential and the sum are rounded to the type of X, the sum once and where it
// is finite there. Y may be X.
#include "lanes.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_softmax(const sdk::KernelInfo& info) {
  return make_softmax_like(info, [](const auto* x, auto* y, int64_t length, int64_t step) {
    using T = std::decay_t<decltype(*y)>;
    const auto rounded = [](double value) { return double(from_double<T>(value)); };
    double largest = double(x[0]);
    for (int64_t i = 1; i < length; ++i) largest = nan_max(largest, double(x[i * step]));
    double sum = 0;
    for (int64_t i = 0; i < length; ++i) {
      y[i * step] = from_double<T>(std::exp(rounded(double(x[i * step]) - largest)));
      sum += double(y[i * step]);
    }
    // The sum of a long lane may be beyond float16; as infinity it would make all of Y zero.
    if (std::isfinite(rounded(sum))) sum = rounded(sum);
    for (int64_t i = 0; i < length; ++i) y[i * step] = from_double<T>(double(y[i * step]) / sum);
  });
}

}  // namespace tenon::cpu_ref
