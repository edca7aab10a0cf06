// LRN: Y[n, c, ...] = X[n, c, ...] / (bias + alpha / size * S)^beta, where S is the sum of X[n, i, ...]^2 over the
// channels i from c - floor((size - 1) / 2) to c + ceil((size - 1) / 2) that exist. Computed in double.
#include <algorithm>
#include <cmath>
#include <tenon/sdk/kernel.hpp>

#include "dispatch.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

class Lrn final : public sdk::Kernel {
 public:
  explicit Lrn(const sdk::KernelInfo& info)
      : alpha_(info.attr_float("alpha")),
        beta_(info.attr_float("beta")),
        bias_(info.attr_float("bias")),
        size_(info.attr_int("size")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (size_ < 1) return sdk::invalid_argument("size is ", size_, ", expected 1 or more");
    if (x.rank() < 2)
      return sdk::invalid_argument("input X has shape ", sdk::shape_text(x.shape()), ", expected N x C x spatial axes");
    TN_ASSIGN_OR_RETURN(const int64_t plane, product(x.shape(), 2, x.shape().size()));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    if (y.count() == 0) return {};
    return visit_floats(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      normalize(run, x.dim(0) * x.dim(1), x.dim(1), plane, x.data<T>(), y.data<T>());
      return {};
    });
  }

 private:
  template <typename T>
  void normalize(sdk::RunContext& run, int64_t planes, int64_t channels, int64_t plane, const T* x, T* y) const {
    const int64_t below = std::min((size_ - 1) / 2, channels), above = std::min(size_ / 2, channels);
    run.parallel_for(planes, double(plane) * double(below + above + 20), [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end && !run.cancelled(); ++p) {
        const int64_t c = p % channels;
        const int64_t first = std::max<int64_t>(c - below, 0), last = std::min(c + above, channels - 1);
        const T* neighbours = x + (p - c) * plane;
        for (int64_t i = 0; i < plane; ++i) {
          double sum = 0;
          for (int64_t d = first; d <= last; ++d) {
            const double v = double(neighbours[d * plane + i]);
            sum += v * v;
          }
          const double scale = std::pow(bias_ + alpha_ / double(size_) * sum, beta_);
          y[p * plane + i] = T(Compute<T>(double(x[p * plane + i]) / scale));
        }
      }
    });
  }

  double alpha_, beta_, bias_;
  int64_t size_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_lrn(const sdk::KernelInfo& info) {
  return std::make_unique<Lrn>(info);
}

}  // namespace tenon::cpu_ref
