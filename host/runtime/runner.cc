#include "host/runtime/runner.h"

#include <algorithm>

#include "host/runtime/tensor_copy.h"

namespace tenon::host {
namespace {

bool has_host_steps(const Program& program) {
  return std::any_of(program.steps.begin(), program.steps.end(), [](const Step& step) { return step.is_host(); });
}

ShapeSignature signature_of(std::span<const RunValue* const> inputs) {
  ShapeSignature signature;
  for (const RunValue* input : inputs) {
    const std::vector<int64_t>& shape = input->tensor().shape();  // of other kinds: none, as plans do without it
    signature.push_back(static_cast<int64_t>(shape.size()));
    signature.insert(signature.end(), shape.begin(), shape.end());
  }
  return signature;
}

// The tensor, or a copy where it lies in memory of a file or of the caller.
Result<Tensor> owned(const Tensor& tensor) {
  return tensor.residence() == Residence::kRuntime ? tensor : copy_of(tensor.abi_view(0));
}

// The value with all of its tensors in the run's own memory, or in memory of an earlier run.
Result<RunValue> owned_value(const RunValue& value) {
  if (value.is_tensor()) {
    TENON_ASSIGN_OR_RETURN(Tensor tensor, owned(value.tensor()));
    return RunValue(std::move(tensor));
  }
  if (value.kind() == ValueType::Kind::kMap) {
    TENON_ASSIGN_OR_RETURN(Tensor keys, owned(value.keys()));
    TENON_ASSIGN_OR_RETURN(Tensor values, owned(value.values()));
    return RunValue::map(std::move(keys), std::move(values));
  }
  std::vector<RunValue> elements;
  for (const RunValue& element : value.elements()) {
    TENON_ASSIGN_OR_RETURN(RunValue own, owned_value(element));
    elements.push_back(std::move(own));
  }
  if (value.kind() == ValueType::Kind::kSequence)
    return RunValue::sequence(held_type(value.type()), std::move(elements));
  if (elements.empty()) return RunValue::empty_optional(held_type(value.type()));
  return RunValue::optional(std::move(elements[0]));
}

}  // namespace

Runner::Runner(const Program& program, unsigned threads, uint64_t memory_limit, bool keeps_memory, bool validates,
               std::shared_ptr<RegionSource> source)
    : program_(program),
      threads_(threads),
      memory_limit_(memory_limit),
      keeps_memory_(keeps_memory),
      validates_(validates),
      has_host_steps_(has_host_steps(program)),
      source_(std::move(source)),
      pool_(program, source_) {}

Result<std::vector<RunValue>> Runner::run(std::span<const RunValue* const> inputs, std::span<const size_t> wanted,
                                          const BoundOutputs& bound, const RunOptions& options,
                                          const ProfileOf& profile) {
  auto results = run_leased(inputs, wanted, bound, options, profile);
  if (!options.keep_memory.value_or(keeps_memory_)) pool_.free_idle();
  return results;
}

Result<std::vector<RunValue>> Runner::run_leased(std::span<const RunValue* const> inputs,
                                                 std::span<const size_t> wanted, const BoundOutputs& bound,
                                                 const RunOptions& options, const ProfileOf& profile) {
  RunPool::StateLease lease(pool_);
  RunState& state = *lease;
  for (size_t i = 0; i < inputs.size(); ++i) {
    // Operators of the host may keep what they read; kernels look at memory that the caller keeps.
    const bool is_only_read = !has_host_steps_ && inputs[i]->is_tensor() && inputs[i]->tensor().owner() == nullptr;
    if (is_only_read) {
      state.set_view(program_.inputs[i], inputs[i]->tensor().abi_view(0));
    } else {
      state.set_value(program_.inputs[i], *inputs[i]);
    }
  }
  TENON_RETURN_IF_ERROR(run_in(state, bound, options, signature_of(inputs), profile));
  std::vector<RunValue> results;
  results.reserve(wanted.size());
  for (const size_t w : wanted) {
    RunValue& result = results.emplace_back();
    if (bound.target_of(w) != nullptr) {
      TENON_ASSIGN_OR_RETURN(result, bound.deliver(state, w));
    } else {
      TENON_RETURN_IF_ERROR(take_result(state, program_.outputs[w], &result));
    }
  }
  return results;
}

Status Runner::take_result(RunState& state, uint32_t slot, RunValue* result) const {
  const RunValue& held = state.slot(slot).held;
  if (!held.is_tensor()) {
    TENON_ASSIGN_OR_RETURN(*result, owned_value(held));
    return {};
  }
  Tensor& tensor = result->tensor();
  if (program_.slots[slot].source != Slot::Source::kStep) {
    TENON_ASSIGN_OR_RETURN(tensor, copy_of(state.slot(slot).view));
    return {};
  }
  tensor = state.handed_out(slot);
  // Operators of the host may hand on what they read, and keep it in a sequence.
  constexpr long kHere = 2;  // the slot and `tensor`
  if (tensor.residence() == Residence::kRuntime && tensor.owner().use_count() <= kHere) return {};
  TENON_ASSIGN_OR_RETURN(tensor, copy_of(tensor.abi_view(0)));
  return {};
}

Status Runner::run_in(RunState& state, const BoundOutputs& bound, const RunOptions& options,
                      const ShapeSignature& signature, const ProfileOf& profile) {
  std::shared_ptr<const MemoryPlan> plan = pool_.find_plan(signature);
  ArenaPool::Lease arena;
  if (plan != nullptr) {
    TENON_ASSIGN_OR_RETURN(arena, pool_.take_arena(plan, memory_limit_, memory_limit_));
  }
  std::optional<Profiler> profiler;
  if (!options.profile.empty() || profile.trace != nullptr) profiler.emplace();
  Execution execution;
  execution.source = source_;
  execution.threads = threads_;
  execution.cancel = options.cancel;
  execution.deadline = options.deadline;
  execution.memory_limit = memory_limit_;
  execution.plan = plan.get();
  execution.arena = arena.data();
  execution.bound = bound.slots();
  execution.profiler = profiler ? &*profiler : nullptr;
  execution.validates = validates_;
  execution.pool = &pool_;
  if (has_host_steps_) execution.meter = std::make_shared<MemoryMeter>();
  TENON_RETURN_IF_ERROR(execute(program_, execution, state));
  if (profiler) profiler->end_run();
  if (profile.trace != nullptr) profile.trace->add(profiler->events(profile.trace->start(), profile.model));
  if (!options.profile.empty()) TENON_RETURN_IF_ERROR(profiler->write(options.profile, profile.model));
  std::vector<uint64_t> sizes;
  if (!pool_.is_planned() && raise_sizes(program_, state, plan.get(), sizes)) pool_.make_plan(signature, sizes, plan);
  return {};
}

}  // namespace tenon::host
