// Matrix product of stacks of matrices, with what a fused group adds to it. A constant right-hand matrix is packed;
// other operands are read where they lie.
#pragma once

#include "common.h"
#include "packed_b.h"
#include "programs/epilogue.h"

namespace tenon::cpu_blas {

/// Which inputs are the product's, and what follows it: y = act(alpha op(a) op(b) + bias + residual), op the swap of
/// the last two dimensions where asked, which a vector does not have.
struct MatMulPlan {
  std::string node;  // describe() of the MatMul node, for messages
  uint32_t a = 0, b = 1;
  bool transpose_a = false, transpose_b = false;
  float alpha = 1;
  PackedB packed_b;   // not planned with transpose_a
  int bias = -1;      // input of N elements, added to each row; -1: none
  int residual = -1;  // input that is added, broadcast against the result if its shape differs; -1: none
  simd::Activation activation;
  Tail tail;  // after all of it
};

class MatMulKernel final : public sdk::Kernel {
 public:
  explicit MatMulKernel(MatMulPlan plan) : plan_(std::move(plan)) {}
  sdk::Status run(sdk::RunContext& run) const override;
  uint32_t pack_count() const override { return 1; }
  sdk::Result<sdk::PackPlan> pack_plan(uint32_t slot) override;
  sdk::Status pack(uint32_t slot, sdk::PackContext& pack) const override;
  sdk::Status bind_pack(uint32_t slot, const void* blob, uint64_t byte_length) override;

 private:
  MatMulPlan plan_;
};

}  // namespace tenon::cpu_blas
