// The kernel of a program: a claimed group of elementwise nodes, or a single one. Inputs are the program's; outputs
// too.
#pragma once

#include <memory>
#include <mutex>

#include "common.h"
#include "programs/plan.h"

namespace tenon::cpu_blas {

/// Beside the program it keeps the plan for the shapes of the last run, or those that the model declares, guarded by a
/// mutex: a run takes its plan along, so that runs of other shapes do not disturb it.
class ElementwiseKernel final : public sdk::Kernel {
 public:
  /// `node` starts messages. `inputs`: of the kernel, by input of the program. `declared`: the shapes of these where
  /// they are known, else empty.
  ElementwiseKernel(std::string node, Program program, std::vector<uint32_t> inputs,
                    const std::vector<sdk::Shape>& declared);
  sdk::Status run(sdk::RunContext& run) const override;

 private:
  sdk::Result<std::shared_ptr<const Plan>> plan_for(sdk::Span<const sdk::ShapeView> shapes) const;
  sdk::Status check_divisors(sdk::RunContext& run) const;

  const std::string node_;
  const Program program_;
  const std::vector<uint32_t> inputs_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const Plan> last_;  // guarded by mutex_; may be null
};

/// The kernel of one node, for rows of kernels.inc; TN_UNSUPPORTED where programs cannot do it.
sdk::Result<sdk::KernelPtr> make_elementwise(const sdk::KernelInfo& info);
/// The kernel of a group of elementwise nodes.
sdk::Result<sdk::KernelPtr> make_elementwise_group(const sdk::GroupInfo& group);

}  // namespace tenon::cpu_blas
