// Inverse: the inverse of each square matrix of X [..., M, M], by elimination with row exchanges, in double. A matrix
// that has none gives infinities and NaNs.
#include <algorithm>
#include <cmath>
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

/// Turns the M x M matrix `a`, which is overwritten, into its inverse `b`.
void invert(double* a, double* b, int64_t M) {
  std::fill_n(b, M * M, 0.0);
  for (int64_t i = 0; i < M; ++i) b[i * M + i] = 1;
  for (int64_t k = 0; k < M; ++k) {
    int64_t pivot = k;
    for (int64_t r = k + 1; r < M; ++r)
      if (std::abs(a[r * M + k]) > std::abs(a[pivot * M + k])) pivot = r;
    if (pivot != k) {
      std::swap_ranges(a + pivot * M, a + (pivot + 1) * M, a + k * M);
      std::swap_ranges(b + pivot * M, b + (pivot + 1) * M, b + k * M);
    }
    const double scale = a[k * M + k];
    for (int64_t c = 0; c < M; ++c) {
      a[k * M + c] /= scale;
      b[k * M + c] /= scale;
    }
    for (int64_t r = 0; r < M; ++r) {
      const double factor = a[r * M + k];
      if (r == k || factor == 0) continue;
      for (int64_t c = 0; c < M; ++c) {
        a[r * M + c] -= factor * a[k * M + c];
        b[r * M + c] -= factor * b[k * M + c];
      }
    }
  }
}

class Inverse final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (x.rank() < 2 || x.dim(x.rank() - 1) != x.dim(x.rank() - 2))
      return sdk::invalid_argument("input X has shape ", sdk::shape_text(x.shape()), ", expected square matrices");
    const int64_t M = x.dim(x.rank() - 1);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    if (y.count() == 0) return {};
    return visit_floats(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      TN_ASSIGN_OR_RETURN(double* const matrix, run.scratch<double>(static_cast<size_t>(M * M)));
      TN_ASSIGN_OR_RETURN(double* const inverse, run.scratch<double>(static_cast<size_t>(M * M)));
      for (int64_t i = 0; i < y.count() && !run.cancelled(); i += M * M) {
        for (int64_t j = 0; j < M * M; ++j) matrix[j] = double(x.data<T>()[i + j]);
        invert(matrix, inverse, M);
        for (int64_t j = 0; j < M * M; ++j) y.data<T>()[i + j] = from_double<T>(inverse[j]);
      }
      return {};
    });
  }
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_inverse(const sdk::KernelInfo&) {
  return std::make_unique<Inverse>();
}

}  // namespace tenon::cpu_ref
