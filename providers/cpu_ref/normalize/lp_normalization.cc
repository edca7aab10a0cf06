// LpNormalization: Y = X / (sum of |X|^p along the axis)^(1/p), p being 1 or 2; 0 where the norm is 0. Y may be X.
#include "normalize/lanes.h"

namespace tenon::cpu_ref {

sdk::Result<sdk::KernelPtr> make_lp_normalization(const sdk::KernelInfo& info) {
  const int64_t p = info.attr_int("p");
  if (p != 1 && p != 2) return sdk::invalid_model("attribute p is ", p, ", expected 1 or 2");
  const auto normalize = [p](const auto* x, auto* y, int64_t length, int64_t step) {
    using T = std::decay_t<decltype(*y)>;
    double norm = 0;
    for (int64_t i = 0; i < length; ++i) {
      const double value = double(x[i * step]);
      norm += p == 1 ? std::abs(value) : value * value;
    }
    if (p == 2) norm = std::sqrt(norm);
    for (int64_t i = 0; i < length; ++i) y[i * step] = from_double<T>(norm == 0 ? 0 : double(x[i * step]) / norm);
  };
  return std::make_unique<LaneKernel<FloatTypes, decltype(normalize)>>(info.attr_int("axis"), false, normalize);
}

}  // namespace tenon::cpu_ref
