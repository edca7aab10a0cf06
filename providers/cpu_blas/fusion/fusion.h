// Groups of nodes that cpu_blas runs as one kernel: a Conv or MatMul and what follows it, as long as each value between
// them has one reader; and elementwise nodes that hang together. Weights stay as they are; a BatchNormalization becomes
// a scale and a shift per channel.
#pragma once

#include <tenon/sdk/provider.hpp>

namespace tenon::cpu_blas {

/// The provider's claim hook: claims every group of two nodes or more.
sdk::Status claim_groups(const sdk::Instance& instance, const sdk::GraphView& graph, sdk::Claims& claims);

/// The provider's compile hook: the kernel of a group that claim_groups() took.
sdk::Result<sdk::KernelPtr> compile_group(const sdk::Instance& instance, const sdk::GroupInfo& group);

}  // namespace tenon::cpu_blas
