// CDist: C [M, K] holds the distances between the rows of A [M, N] and those of B [K, N]: sums of squared differences,
// or with metric euclidean their roots. In double.
#include <cmath>
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"

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
      run.parallel_for(M, double(K) * double(N), [&](int64_t begin, int64_t end) {
        for (int64_t m = begin; m < end && !run.cancelled(); ++m)
          for (int64_t k = 0; k < K; ++k) {
            double sum = 0;
            for (int64_t n = 0; n < N; ++n) {
              const double difference = double(a.data<T>()[m * N + n]) - double(b.data<T>()[k * N + n]);
              sum += difference * difference;
            }
            y.data<T>()[m * K + k] = from_double<T>(takes_root_ ? std::sqrt(sum) : sum);
          }
      });
      return {};
    });
  }

 private:
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
