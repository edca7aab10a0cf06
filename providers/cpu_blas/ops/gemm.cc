// Gemm: Y = alpha op(A) op(B) + beta C, A and B matrices, op the transpose where asked, C broadcast to M x N.
#include "gemm.h"

#include "broadcast.h"

namespace tenon::cpu_blas {
namespace {

class GemmKernel final : public sdk::Kernel {
 public:
  explicit GemmKernel(const sdk::KernelInfo& info)
      : node_(describe(info)),
        alpha_(info.attr_float("alpha", 1)),
        beta_(info.attr_float("beta", 1)),
        transpose_a_(info.attr_int("transA", 0) != 0),
        transpose_b_(info.attr_int("transB", 0) != 0) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView a = run.input(0);
    const sdk::TensorView b = run.input(1);
    if (a.rank() != 2 || b.rank() != 2)
      return sdk::invalid_model(node_, ": A has rank ", a.rank(), " and B rank ", b.rank(), ", expected 2 for both");
    Gemm g;
    g.transpose_a = transpose_a_, g.transpose_b = transpose_b_;
    g.m = a.dim(transpose_a_ ? 1 : 0), g.k = a.dim(transpose_a_ ? 0 : 1), g.n = b.dim(transpose_b_ ? 0 : 1);
    if (b.dim(transpose_b_ ? 1 : 0) != g.k)
      return sdk::invalid_model(node_, ": A is ", sdk::shape_text(a.shape()), " and B ", sdk::shape_text(b.shape()),
                                ", which do not multiply with transA ", transpose_a_, " and transB ", transpose_b_);
    const sdk::Shape shape{g.m, g.n};
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, TN_FLOAT, shape));
    g.a = a.data<float>(), g.b = b.data<float>(), g.c = y.data<float>();
    g.lda = a.dim(1), g.ldb = b.dim(1), g.ldc = g.n;
    g.alpha = alpha_;
    Epilogue epilogue;
    if (run.has_input(2)) TN_RETURN_IF_ERROR(add_c(run, shape, &g, &epilogue));
    TN_RETURN_IF_ERROR(check_gemm(node_, g));
    gemm(run, g, epilogue);
    return {};
  }

 private:
  /// C as the epilogue's bias where it is a row, else spread over Y before the product is added.
  sdk::Status add_c(sdk::RunContext& run, const sdk::Shape& shape, Gemm* g, Epilogue* epilogue) const {
    const sdk::TensorView c = run.input(2);
    TN_ASSIGN_OR_RETURN(const sdk::Shape sum, broadcast_shape(node_, c.shape(), shape));
    if (sum != shape)
      return sdk::invalid_model(node_, ": C is ", sdk::shape_text(c.shape()), ", expected a shape that broadcasts to ",
                                sdk::shape_text(shape));
    if (beta_ == 1 && c.count() == g->n && c.rank() >= 1 && c.dim(c.rank() - 1) == g->n) {
      epilogue->column_shift = c.data<float>();
      return {};
    }
    spread(c, shape, g->c);
    g->beta = beta_;
    return {};
  }

  /// y = c broadcast to `shape`.
  static void spread(const sdk::TensorView& c, const sdk::Shape& shape, float* y) {
    const int64_t columns = c.rank() >= 1 ? c.dim(c.rank() - 1) : 1;
    const int64_t rows = c.rank() >= 2 ? c.dim(c.rank() - 2) : 1;
    for (int64_t m = 0; m < shape[0]; ++m)
      for (int64_t n = 0; n < shape[1]; ++n)
        y[m * shape[1] + n] = c.data<float>()[(rows == 1 ? 0 : m) * columns + (columns == 1 ? 0 : n)];
  }

  std::string node_;
  float alpha_, beta_;
  bool transpose_a_, transpose_b_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_gemm(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<GemmKernel>(info));
}

}  // namespace tenon::cpu_blas
