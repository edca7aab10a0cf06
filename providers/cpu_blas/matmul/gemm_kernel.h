// Gemm: Y = alpha op(A) op(B) + beta C, A and B matrices, op the transpose where asked, C broadcast to M x N and
// not read where beta is 0; then what a fused group adds to it. A constant B is packed.
#pragma once

#include <tenon/sdk/graph.hpp>

#include "common.h"
#include "packed_b.h"
#include "programs/epilogue.h"

namespace tenon::cpu_blas {

/// Which inputs are the product's, and what follows it.
struct GemmPlan {
  explicit GemmPlan(const sdk::NodeView& gemm);

  std::string node;  // describe() of the Gemm node, for messages
  uint32_t a = 0, b = 1;
  int c = 2;  // -1: none
  float alpha, beta;
  bool transpose_a, transpose_b;
  PackedB packed_b;
  simd::Activation activation;
  Tail tail;
};

class GemmKernel final : public sdk::Kernel {
 public:
  explicit GemmKernel(GemmPlan plan) : plan_(std::move(plan)) {}
  sdk::Status run(sdk::RunContext& run) const override;
  uint32_t pack_count() const override { return 1; }
  sdk::Result<sdk::PackPlan> pack_plan(uint32_t slot) override;
  sdk::Status pack(uint32_t slot, sdk::PackContext& pack) const override;
  sdk::Status bind_pack(uint32_t slot, const void* blob, uint64_t byte_length) override;

 private:
  /// The same product with B packed.
  PackedProduct packed(const Gemm& g) const;
  /// beta C in the epilogue: as it is where it is a row or all of it and beta is 1, else spread in scratch memory.
  sdk::Status add_c(sdk::RunContext& run, const sdk::Shape& shape, Epilogue* epilogue) const;

  GemmPlan plan_;
};

}  // namespace tenon::cpu_blas
