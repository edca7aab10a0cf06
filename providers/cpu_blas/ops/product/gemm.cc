// Gemm: Y = alpha op(A) op(B) + beta C, A and B matrices, op the transpose where asked, C broadcast to M x N and
// not read where beta is 0.
#include <tenon/sdk/geometry/matmul.hpp>

#include "common.h"
#include "packed_b.h"

namespace tenon::cpu_blas {
namespace {

class GemmKernel final : public sdk::Kernel {
 public:
  explicit GemmKernel(const sdk::KernelInfo& info)
      : node_(describe(info)),
        alpha_(info.attr_float("alpha")),
        beta_(info.attr_float("beta")),
        transpose_a_(info.attr_int("transA") != 0),
        transpose_b_(info.attr_int("transB") != 0),
        packed_b_(PackedB::of_operand(info.input(1).info(), transpose_b_)) {}

  uint32_t pack_count() const override { return 1; }
  sdk::Result<sdk::PackPlan> pack_plan(uint32_t) override { return packed_b_.plan(1); }
  sdk::Status pack(uint32_t, sdk::PackContext& pack) const override {
    packed_b_.pack(pack.source(0), pack.blob());
    return {};
  }
  sdk::Status bind_pack(uint32_t, const void* blob, uint64_t) override {
    packed_b_.bind(blob);
    return {};
  }

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView a = run.input(0);
    const sdk::TensorView b = run.input(1);
    auto dims = sdk::gemm_dims(a.shape(), transpose_a_, b.shape(), transpose_b_);
    if (!dims.is_ok()) return sdk::invalid_model(node_, ": ", dims.take_status().message());
    Gemm g;
    g.transpose_a = transpose_a_, g.transpose_b = transpose_b_;
    g.m = a.shape()[dims.value().a.rows], g.k = a.shape()[dims.value().a.columns];
    g.n = b.shape()[dims.value().b.columns];
    const sdk::Shape shape{g.m, g.n};
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, TN_FLOAT, shape));
    g.a = a.data<float>(), g.b = b.data<float>(), g.c = y.data<float>();
    g.lda = a.dim(1), g.ldb = b.dim(1), g.ldc = g.n;
    g.alpha = alpha_;
    Epilogue epilogue;
    if (run.has_input(2)) TN_RETURN_IF_ERROR(add_c(run, shape, &epilogue));
    if (packed_b_.panels() != nullptr) return run_packed(run, g, epilogue);
    gemm(run, g, epilogue);
    return {};
  }

 private:
  sdk::Status run_packed(sdk::RunContext& run, const Gemm& g, const Epilogue& epilogue) const {
    PackedProduct p;
    p.m = g.m, p.n = g.n, p.k = g.k;
    p.a = g.a, p.panels = packed_b_.panels(), p.c = g.c;
    p.lda = g.lda, p.transpose_a = g.transpose_a, p.ldc = g.ldc;
    p.alpha = g.alpha;
    multiply_packed(run, p, epilogue);
    return {};
  }

  /// beta C in the epilogue: as it is where it is a row or all of it and beta is 1, else spread in scratch memory.
  sdk::Status add_c(sdk::RunContext& run, const sdk::Shape& shape, Epilogue* epilogue) const {
    const sdk::TensorView c = run.input(2);
    const sdk::Status fits = sdk::check_gemm_c(c.shape(), shape[0], shape[1]);
    if (!fits.is_ok()) return sdk::invalid_model(node_, ": ", fits.message());
    if (beta_ == 0) return {};
    const int64_t columns = c.rank() >= 1 ? c.dim(c.rank() - 1) : 1;
    const int64_t rows = c.rank() >= 2 ? c.dim(c.rank() - 2) : 1;
    const bool is_row = rows == 1 && columns == shape[1];
    const float* values = c.data<float>();
    if (beta_ != 1 || (!is_row && (rows != shape[0] || columns != shape[1]))) {
      const int64_t height = is_row ? 1 : shape[0];
      TN_ASSIGN_OR_RETURN(float* spread, run.scratch<float>(static_cast<size_t>(height * shape[1])));
      for (int64_t m = 0; m < height; ++m)
        for (int64_t n = 0; n < shape[1]; ++n)
          spread[m * shape[1] + n] = beta_ * values[(rows == 1 ? 0 : m) * columns + (columns == 1 ? 0 : n)];
      values = spread;
    }
    if (is_row) {
      epilogue->column_shift = values;
    } else {
      epilogue->residual = values;
      epilogue->residual_stride = shape[1];
    }
    return {};
  }

  std::string node_;
  float alpha_, beta_;
  bool transpose_a_, transpose_b_;
  PackedB packed_b_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_gemm(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<GemmKernel>(info));
}

}  // namespace tenon::cpu_blas
