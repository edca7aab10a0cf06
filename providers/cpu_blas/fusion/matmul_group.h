// MatMul [+ Add of a constant vector] [+ Gelu or HardSwish, or [+ Add of a tensor] + Relu or Clip] [+ a tail].
#pragma once

#include "fusion/chain.h"
#include "fusion/tail_match.h"
#include "matmul/matmul_kernel.h"

namespace tenon::cpu_blas {

/// A MatMul and what was recognized behind it.
struct MatMulGroup {
  Chain chain;
  sdk::ValueView bias, residual;  // empty: none
  simd::Activation activation;
  TailMatch tail;
};

/// Grows a group from `matmul` as far as it goes; a chain of one node when nothing follows that it can take.
MatMulGroup match_matmul_group(const sdk::NodeView& matmul, const MayJoin& may_join);

/// The kernel of a group matched within `graph`, whose inputs are the kernel's.
sdk::Result<sdk::KernelPtr> make_matmul_group(const MatMulGroup& group, const sdk::GraphView& graph);

}  // namespace tenon::cpu_blas
