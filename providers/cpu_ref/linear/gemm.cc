// Gemm: Y = alpha * A' x B' + beta * C. A' is A or its transpose and M x K, B' likewise and K x N; C, which may be left
// out, broadcasts to M x N and is not read where beta is 0, as in BLAS. Floating point is summed and scaled in double;
// integers wrap around, and are scaled in double and truncated only where alpha or beta is not 1. FusedGemm: Gemm with
// an activation, whose attributes are activation_alpha, activation_beta and activation_gamma: the first attributes that
// the operator of that name has in alphabetical order. Scratch: that of multiply_matrices. Y must not be an input.
#include <optional>
#include <tenon/sdk/geometry/matmul.hpp>

#include "elementwise/activation.h"
#include "linear/matrix.h"

namespace tenon::cpu_ref {
namespace {

class GemmKernel final : public sdk::Kernel {
 public:
  GemmKernel(const sdk::KernelInfo& info, const std::optional<Activation>& activation)
      : alpha_(info.attr_float("alpha")),
        beta_(info.attr_float("beta")),
        transposes_a_(info.attr_int("transA") != 0),
        transposes_b_(info.attr_int("transB") != 0),
        activation_(activation) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView a = run.input(0);
    const sdk::TensorView b = run.input(1);
    TN_ASSIGN_OR_RETURN(const sdk::ProductDims dims,
                        sdk::gemm_dims(a.shape(), transposes_a_, b.shape(), transposes_b_));
    const int64_t M = a.shape()[dims.a.rows], K = a.shape()[dims.a.columns], N = b.shape()[dims.b.columns];
    const int64_t shape[] = {M, N};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, a.dtype(), shape));
    int64_t c_row = 0, c_column = 0;
    if (run.has_input(2)) {
      TN_RETURN_IF_ERROR(sdk::check_gemm_c(run.input(2).shape(), M, N));
      strides_of_c(run.input(2).shape(), &c_row, &c_column);
    }
    if (y.count() == 0) return {};
    return visit_numeric(a.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      const T* c = run.has_input(2) && beta_ != 0 ? run.input(2).data<T>() : nullptr;
      T* out = y.template data<T>();
      const MatrixView<T> left{a.data<T>(), transposes_a_ ? 1 : K, transposes_a_ ? M : 1};
      const MatrixView<T> right{b.data<T>(), transposes_b_ ? 1 : N, transposes_b_ ? K : 1};
      TN_ASSIGN_OR_RETURN(const int64_t panel_size, product_scratch(right, M, N, K));
      TN_ASSIGN_OR_RETURN(T* const panel, run.scratch<T>(static_cast<size_t>(panel_size)));
      multiply_matrices<T>(run, left, right, M, N, K, panel, [&](int64_t m, int64_t n, auto sum) {
        out[m * N + n] = c ? combine<T>(sum, c[m * c_row + n * c_column]) : scale<T>(sum);
      });
      return {};
    });
  }

 private:
  static void strides_of_c(sdk::ShapeView c, int64_t* row, int64_t* column) {
    const int64_t columns = c.empty() ? 1 : c.back();
    *column = columns == 1 ? 0 : 1;
    *row = c.size() == 2 && c[0] != 1 ? columns : 0;
  }

  template <typename T>
  T scale(Accumulator<T> sum) const {
    if (activation_) return from_double<T>((*activation_)(double(alpha_) * static_cast<double>(sum)));
    if (alpha_ == 1) return from_accumulator<T>(sum);
    return from_double<T>(double(alpha_) * static_cast<double>(sum));
  }

  template <typename T>
  T combine(Accumulator<T> sum, T c) const {
    const auto value = static_cast<Accumulator<T>>(static_cast<Compute<T>>(c));
    if (alpha_ == 1 && beta_ == 1 && !activation_) return from_accumulator<T>(wrapping_add(sum, value));
    const double result = double(alpha_) * static_cast<double>(sum) + double(beta_) * static_cast<double>(value);
    return from_double<T>(activation_ ? (*activation_)(result) : result);
  }

  float alpha_;
  float beta_;
  bool transposes_a_;
  bool transposes_b_;
  std::optional<Activation> activation_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_gemm(const sdk::KernelInfo& info) {
  return std::make_unique<GemmKernel>(info, std::nullopt);
}

sdk::Result<sdk::KernelPtr> make_fused_gemm(const sdk::KernelInfo& info) {
  std::vector<float> parameters;
  for (const char* name : {"activation_alpha", "activation_beta", "activation_gamma"})
    if (info.has_float(name)) parameters.push_back(info.attr_float(name));
  TN_ASSIGN_OR_RETURN(const Activation activation, Activation::create(info.attr_string("activation"), parameters));
  return std::make_unique<GemmKernel>(info, activation);
}

}  // namespace tenon::cpu_ref
