// Softmax: Y = e^(X - m) / sum of e^(X - m) along the axis, m being the largest X there. As in the function body of the
// specification, the difference, the exponential and the sum are rounded to the type of X, the sum once and where it
// is finite there. LogSoftmax: Y = (X - m) - ln(sum of e^(X - m)), sums in double. Hardmax: Y is 1 at the first largest
// X and 0 elsewhere; a NaN counts as the largest. Y may be X.
#include <algorithm>

#include "elementwise/smooth.h"
#include "normalize/lanes.h"

namespace tenon::cpu_ref {
namespace {

/// Before opset 13 the default axis is 1 and a lane spans all axes from there on.
template <typename F>
sdk::Result<sdk::KernelPtr> make_softmax_like(const sdk::KernelInfo& info, F f) {
  const bool flattens = info.since_version() < 13;
  return std::make_unique<LaneKernel<FloatTypes, F>>(info.attr_int("axis"), flattens, std::move(f));
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_softmax(const sdk::KernelInfo& info) {
  return make_softmax_like(info, [](const auto* x, auto* y, int64_t length, int64_t step) {
    using T = std::decay_t<decltype(*y)>;
    const auto rounded = [](double value) { return double(from_double<T>(value)); };
    double largest = double(x[0]);
    for (int64_t i = 1; i < length; ++i) largest = nan_max(largest, double(x[i * step]));
    double sum = 0;
    constexpr int64_t kBlock = 256;
    double powers[kBlock];
    for (int64_t begin = 0; begin < length; begin += kBlock) {
      const int64_t count = std::min(kBlock, length - begin);
      for (int64_t i = 0; i < count; ++i) powers[i] = rounded(double(x[(begin + i) * step]) - largest);
      for (int64_t i = 0; i < count; ++i) powers[i] = exp_for<Compute<T>>(powers[i]);
      for (int64_t i = 0; i < count; ++i) {
        y[(begin + i) * step] = from_double<T>(powers[i]);
        sum += double(y[(begin + i) * step]);
      }
    }
    // The sum of a long lane may be beyond float16; as infinity it would make all of Y zero.
    if (std::isfinite(rounded(sum))) sum = rounded(sum);
    for (int64_t i = 0; i < length; ++i) y[i * step] = from_double<T>(double(y[i * step]) / sum);
  });
}

sdk::Result<sdk::KernelPtr> make_log_softmax(const sdk::KernelInfo& info) {
  return make_softmax_like(info, [](const auto* x, auto* y, int64_t length, int64_t step) {
    using T = std::decay_t<decltype(*y)>;
    double largest = double(x[0]);
    for (int64_t i = 1; i < length; ++i) largest = nan_max(largest, double(x[i * step]));
    double sum = 0;
    for (int64_t i = 0; i < length; ++i) sum += std::exp(double(x[i * step]) - largest);
    const double shift = std::log(sum);
    for (int64_t i = 0; i < length; ++i) y[i * step] = from_double<T>(double(x[i * step]) - largest - shift);
  });
}

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
