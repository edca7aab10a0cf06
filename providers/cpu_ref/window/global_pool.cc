// GlobalAveragePool, GlobalMaxPool and GlobalLpPool: one value per N and C over all spatial axes, which stay as 1. Sums
// are taken in double. The mean of nothing is NaN, the maximum of nothing is -infinity; a NaN is the maximum.
#include <cmath>
#include <limits>
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"
#include "dispatch.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

struct Mean {
  static double start() { return 0; }
  double add(double sum, double v) const { return sum + v; }
  double finish(double sum, int64_t count) const { return sum / double(count); }
};

struct Max {
  static double start() { return -std::numeric_limits<double>::infinity(); }
  double add(double best, double v) const { return nan_max(best, v); }
  double finish(double best, int64_t) const { return best; }
};

/// (sum |x|^p)^(1/p)
struct LpNorm {
  double p = 2;
  static double start() { return 0; }
  double add(double sum, double v) const { return sum + std::pow(std::abs(v), p); }
  double finish(double sum, int64_t) const { return std::pow(sum, 1 / p); }
};

template <typename Reduction>
class GlobalPool final : public sdk::Kernel {
 public:
  explicit GlobalPool(Reduction reduction) : reduction_(reduction) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (x.rank() < 2)
      return sdk::invalid_argument("input X has shape ", sdk::shape_text(x.shape()), ", expected N x C x spatial axes");
    sdk::Shape shape(x.shape().size(), 1);
    shape[0] = x.dim(0);
    shape[1] = x.dim(1);
    TN_ASSIGN_OR_RETURN(const int64_t plane, product(x.shape(), 2, x.shape().size()));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), shape));
    return visit_floats(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      const T* in = x.data<T>();
      T* out = y.data<T>();
      run.parallel_for(y.count(), double(plane), [&](int64_t begin, int64_t end) {
        for (int64_t p = begin; p < end; ++p) {
          double sum = Reduction::start();
          for (int64_t i = 0; i < plane; ++i) sum = reduction_.add(sum, double(in[p * plane + i]));
          out[p] = T(Compute<T>(reduction_.finish(sum, plane)));
        }
      });
      return {};
    });
  }

 private:
  Reduction reduction_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_global_average_pool(const sdk::KernelInfo&) {
  return std::make_unique<GlobalPool<Mean>>(Mean{});
}

sdk::Result<sdk::KernelPtr> make_global_max_pool(const sdk::KernelInfo&) {
  return std::make_unique<GlobalPool<Max>>(Max{});
}

sdk::Result<sdk::KernelPtr> make_global_lp_pool(const sdk::KernelInfo& info) {
  // Opset 1 has p as a float.
  const double p = info.has_float("p") ? double(info.attr_float("p")) : double(info.attr_int("p"));
  if (!(p > 0)) return sdk::invalid_model("attribute p is ", p, ", expected more than 0");
  return std::make_unique<GlobalPool<LpNorm>>(LpNorm{p});
}

}  // namespace tenon::cpu_ref
