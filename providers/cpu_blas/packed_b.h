// Constant right-hand matrices of products, packed into the panels that simd::multiply_panel() reads. The format: for
// each simd::panel_width() columns one panel, K rows of that many floats; the last panel is as wide as its columns need
// in whole vectors, and zero past them. Thread-safe.
#pragma once

#include <tenon/sdk/kernel.hpp>

#include "gemm.h"

namespace tenon::cpu_blas {

/// The right-hand matrix B of a kernel: what is known of it while the session opens, and its packed bytes once bound.
class PackedB {
 public:
  /// Packs nothing.
  PackedB() = default;
  /// A K x N matrix, or N x K if `transposed`.
  PackedB(int64_t k, int64_t n, bool transposed) : k_(k), n_(n), transposed_(transposed) {}
  /// `info`: the operand of a product, as the session knows it while it opens. Packs nothing unless it is one
  /// constant float matrix.
  static PackedB of_operand(const sdk::TensorView& info, bool transposed);

  /// For the kernel's input of that number. byte_length is 0 where the panels would be mostly padding, or there is
  /// nothing to pack.
  sdk::PackPlan plan(uint32_t input) const;
  /// Writes the plan's byte_length bytes.
  void pack(const sdk::TensorView& matrix, void* panels) const;
  void bind(const void* panels) { panels_ = static_cast<const float*>(panels); }
  /// The packed bytes; null: the operand is read as it is.
  const float* panels() const { return panels_; }

 private:
  int64_t k_ = 0, n_ = 0;
  bool transposed_ = false;
  const float* panels_ = nullptr;
};

/// C (M x N, ldc) = alpha * A B, then the epilogue; A is M x K, row-major, or its transpose, and
/// read in place; `panels` as PackedB wrote them. Strides in elements.
struct PackedProduct {
  int64_t m = 0, n = 0, k = 0;
  const float* a = nullptr;
  int64_t lda = 0;
  bool transpose_a = false;
  const float* panels = nullptr;
  float* c = nullptr;
  int64_t ldc = 0;
  float alpha = 1;
};

/// Computes all of C, in blocks spread over the pool, and counts its operations. Each element's value depends on its
/// row of A and its column of B alone, not on the number of rows or threads. The epilogue may not scale or shift rows.
void multiply_packed(sdk::RunContext& run, const PackedProduct& product, const Epilogue& epilogue);

/// The same for who counts the operations itself: where some columns are padding.
void multiply_packed_uncounted(sdk::RunContext& run, const PackedProduct& product, const Epilogue& epilogue);

/// The columns [begin, end) of C on the calling thread, by the same values; both are multiples of simd::panel_width(),
/// or end is N. Who calls it counts the operations.
void multiply_packed_columns(const PackedProduct& product, const Epilogue& epilogue, int64_t begin, int64_t end);

}  // namespace tenon::cpu_blas
