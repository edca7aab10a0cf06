#include "host/runtime/runner.h"

#include "host/runtime/tensor_copy.h"

namespace tenon::host {
namespace {

ShapeSignature signature_of(std::span<const Tensor* const> inputs) {
  ShapeSignature signature;
  for (const Tensor* input : inputs) {
    signature.push_back(static_cast<int64_t>(input->shape().size()));
    signature.insert(signature.end(), input->shape().begin(), input->shape().end());
  }
  return signature;
}

}  // namespace

Result<std::vector<Tensor>> Runner::run(std::span<const Tensor* const> inputs, std::span<const size_t> wanted,
                                        const RunOptions& options, const std::string& model) {
  RunPool::StateLease lease(pool_);
  RunState& state = *lease;
  for (size_t i = 0; i < inputs.size(); ++i) state.set_tensor(program_.inputs[i], *inputs[i]);
  TENON_RETURN_IF_ERROR(run_in(state, options, signature_of(inputs), model));
  std::vector<Tensor> results;
  for (const size_t w : wanted) {
    const uint32_t slot = program_.outputs[w];
    if (program_.slots[slot].source == Slot::Source::kStep) {
      results.push_back(state.handed_out(slot));
    } else {
      TENON_ASSIGN_OR_RETURN(Tensor copy, copy_of(state.slot(slot).view));
      results.push_back(std::move(copy));
    }
  }
  return results;
}

Status Runner::run_in(RunState& state, const RunOptions& options, const ShapeSignature& signature,
                      const std::string& model) {
  const std::shared_ptr<const MemoryPlan> plan = pool_.find_plan(signature);
  ArenaPool::Lease arena;
  if (plan != nullptr) {
    TENON_ASSIGN_OR_RETURN(arena, pool_.take_arena(*plan, memory_limit_, memory_limit_));
  }
  std::optional<Profiler> profiler;
  if (!options.profile.empty()) profiler.emplace();
  Execution execution;
  execution.threads = threads_;
  execution.cancel = options.cancel;
  execution.deadline = options.deadline;
  execution.memory_limit = memory_limit_;
  execution.plan = plan.get();
  execution.arena = arena.data();
  execution.profiler = profiler ? &*profiler : nullptr;
  execution.pool = &pool_;
  TENON_RETURN_IF_ERROR(execute(program_, execution, state));
  if (profiler) TENON_RETURN_IF_ERROR(profiler->write(options.profile, model));
  std::vector<uint64_t> sizes;
  if (!pool_.is_planned() && raise_sizes(program_, state, plan.get(), sizes)) pool_.make_plan(signature, sizes);
  return {};
}

}  // namespace tenon::host
