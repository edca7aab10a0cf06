// Det: the determinant of each square matrix of X [..., M, M], by elimination with row exchanges, in double.
#include <algorithm>
#include <cmath>
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

/// Of the M x M matrix in `a`, which is overwritten.
double determinant(double* a, int64_t M) {
  double product = 1;
  for (int64_t k = 0; k < M; ++k) {
    int64_t pivot = k;
    for (int64_t r = k + 1; r < M; ++r)
      if (std::abs(a[r * M + k]) > std::abs(a[pivot * M + k])) pivot = r;
    if (a[pivot * M + k] == 0) return 0;
    if (pivot != k) {
      std::swap_ranges(a + pivot * M, a + (pivot + 1) * M, a + k * M);
      product = -product;
    }
    product *= a[k * M + k];
    for (int64_t r = k + 1; r < M; ++r) {
      const double factor = a[r * M + k] / a[k * M + k];
      for (int64_t c = k + 1; c < M; ++c) a[r * M + c] -= factor * a[k * M + c];
    }
  }
  return product;
}

class Det final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (x.rank() < 2 || x.dim(x.rank() - 1) != x.dim(x.rank() - 2))
      return sdk::invalid_argument("input X has shape ", sdk::shape_text(x.shape()), ", expected square matrices");
    const int64_t M = x.dim(x.rank() - 1);
    const sdk::ShapeView batch = x.shape().subspan(0, static_cast<size_t>(x.rank() - 2));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), batch));
    return visit_floats(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      TN_ASSIGN_OR_RETURN(double* const matrix, run.scratch<double>(static_cast<size_t>(M == 0 ? 0 : M * M)));
      for (int64_t i = 0; i < y.count() && !run.cancelled(); ++i) {
        std::copy_n(x.data<T>() + i * M * M, M * M, matrix);
        y.data<T>()[i] = from_double<T>(determinant(matrix, M));
      }
      return {};
    });
  }
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_det(const sdk::KernelInfo&) {
  return std::make_unique<Det>();
}

}  // namespace tenon::cpu_ref
