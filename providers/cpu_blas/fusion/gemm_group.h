// Gemm [+ Relu or Clip] [+ a tail].
#pragma once

#include <tenon/sdk/kernel.hpp>

#include "fusion/chain.h"
#include "fusion/tail_match.h"

namespace tenon::cpu_blas {

/// A Gemm and what was recognized behind it.
struct GemmGroup {
  Chain chain;
  simd::Activation activation;
  TailMatch tail;
};

/// Grows a group from `gemm` as far as it goes; a chain of one node when nothing follows that it can take.
GemmGroup match_gemm_group(const sdk::NodeView& gemm, const MayJoin& may_join);

/// The kernel of a group matched within `graph`, whose inputs are the kernel's.
sdk::Result<sdk::KernelPtr> make_gemm_group(const GemmGroup& group, const sdk::GraphView& graph);

}  // namespace tenon::cpu_blas
