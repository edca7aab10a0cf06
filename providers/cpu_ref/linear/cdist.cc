// CDist: C [M, K] holds the distances between the rows of A [M, N] and those of B [K, N]: sums of squared differences,
// or with metric euclidean their roots. In double.
// Scratch: for each thread kAtATime rows of B, transposed.
#include <algorithm>
#include <cmath>
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

class CDist final : public sdk::Kernel {
 public:
  explicit CDist(bool takes_root) : takes_root_(takes_root) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView a = run.input(0), b = run.input(1);
    if (a.rank() != 2 || b.rank() != 2 || a.dim(1) != b.dim(1))
      return sdk::invalid_argument("inputs A and B have shapes ", sdk::shape_text(a.shape()), " and ",
                                   sdk::shape_text(b.shape()), ", expected M x N and K x N");
    const int64_t M = a.dim(0), K = b.dim(0), N = a.dim(1), shape[] = {M, K};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, a.dtype(), shape));
    if (y.count() == 0) return {};
    return visit_floats(a.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      TN_ASSIGN_OR_RETURN(const int64_t panel_size, multiply(N, kAtATime));
      TN_ASSIGN_OR_RETURN(T* const panels, run.scratch<T>(run.max_workers() * size_t(panel_size)));
      const int64_t blocks = (K + kAtATime - 1) / kAtATime;
      run.parallel_for(blocks, double(M) * double(panel_size), [&](uint32_t worker, int64_t begin, int64_t end) {
        T* const panel = panels + int64_t(worker) * panel_size;
        for (int64_t block = begin; block < end; ++block) {
          const int64_t first = block * kAtATime, count = std::min(kAtATime, K - first);
          for (int64_t k = 0; k < count; ++k)
            for (int64_t n = 0; n < N; ++n) panel[n * kAtATime + k] = b.data<T>()[(first + k) * N + n];
          for (int64_t m = 0; m < M && !run.cancelled(); ++m)
            measure(a.data<T>() + m * N, panel, N, count, y.data<T>() + m * K + first);
        }
      });
      return {};
    });
  }

 private:
  static constexpr int64_t kAtATime = 32;  // rows of B

  /// Of one row of A to `count` columns of the panel.
  template <typename T>
  void measure(const T* row, const T* panel, int64_t N, int64_t count, T* y) const {
    double sums[kAtATime] = {};
    for (int64_t n = 0; n < N; ++n, panel += kAtATime)
      for (int64_t k = 0; k < count; ++k) {
        const double difference = double(row[n]) - double(panel[k]);
        sums[k] += difference * difference;
      }
    for (int64_t k = 0; k < count; ++k) y[k] = from_double<T>(takes_root_ ? std::sqrt(sums[k]) : sums[k]);
  }

  bool takes_root_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_cdist(const sdk::KernelInfo& info) {
  const std::string metric = info.attr_string("metric");
  if (metric != "euclidean" && metric != "sqeuclidean")
    return sdk::unsupported("attribute metric is '", metric, "', expected euclidean or sqeuclidean");
  return std::make_unique<CDist>(metric == "euclidean");
}

}  // namespace tenon::cpu_ref
