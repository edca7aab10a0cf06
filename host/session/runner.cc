#include "host/session/runner.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace tenon::host {
namespace {

// A result of its own for an output that is directly an input or a constant.
Result<Tensor> copy_of(const tn_tensor& view) {
  std::vector<int64_t> shape(view.shape, view.shape + view.rank);
  const auto dtype = static_cast<tn_dtype>(view.dtype);
  TENON_ASSIGN_OR_RETURN(Tensor copy, Tensor::allocate(dtype, std::move(shape), Residence::kRuntime));
  if (dtype == TN_STRING) {
    const auto* strings = static_cast<const tn_str*>(view.data);
    for (int64_t i = 0; i < copy.element_count(); ++i) copy.set_string(i, {strings[i].data, strings[i].size});
  } else if (copy.byte_length() > 0) {
    std::memcpy(copy.mutable_data(), view.data, copy.byte_length());
  }
  return copy;
}

ShapeSignature signature_of(std::span<const Tensor* const> inputs) {
  ShapeSignature signature;
  for (const Tensor* input : inputs) {
    signature.push_back(static_cast<int64_t>(input->shape().size()));
    signature.insert(signature.end(), input->shape().begin(), input->shape().end());
  }
  return signature;
}

}  // namespace

/// A state for one run; cleared and returned when the run ends, however it ends.
class Runner::StateLease {
 public:
  explicit StateLease(Runner& runner) : runner_(runner) {
    {
      std::lock_guard lock(runner.mutex_);
      if (!runner.idle_states_.empty()) {
        state_ = std::move(runner.idle_states_.back());
        runner.idle_states_.pop_back();
      }
    }
    if (state_ == nullptr) state_ = std::make_unique<RunState>(runner.program_);
  }
  ~StateLease() {
    state_->clear();
    std::lock_guard lock(runner_.mutex_);
    runner_.scratch_peak_bytes_ = std::max(runner_.scratch_peak_bytes_, state_->scratch.peak_bytes());
    try {
      runner_.idle_states_.push_back(std::move(state_));
    } catch (const std::bad_alloc&) {
      state_.reset();  // the next run makes another
    }
  }
  RunState& operator*() { return *state_; }

 private:
  Runner& runner_;
  std::unique_ptr<RunState> state_;
};

Runner::Runner(const Program& program, unsigned threads, uint64_t memory_limit)
    : program_(program), threads_(threads), memory_limit_(memory_limit) {
  if (const auto sizes = inferred_sizes(program))
    fixed_plan_ = std::make_shared<const MemoryPlan>(plan_memory(program, *sizes));
}

Result<std::vector<Tensor>> Runner::run(std::span<const Tensor* const> inputs, std::span<const size_t> wanted,
                                        const RunOptions& options, const std::string& model) {
  StateLease lease(*this);
  RunState& state = *lease;
  for (size_t i = 0; i < inputs.size(); ++i) state.set_tensor(program_.inputs[i], *inputs[i]);
  TENON_RETURN_IF_ERROR(run_in(state, options, signature_of(inputs), model));
  std::vector<Tensor> results;
  for (const size_t w : wanted) {
    const uint32_t slot = program_.outputs[w];
    if (program_.slots[slot].source == Slot::Source::kStep) {
      results.push_back(state.slot(slot).tensor);
    } else {
      TENON_ASSIGN_OR_RETURN(Tensor copy, copy_of(state.slot(slot).view));
      results.push_back(std::move(copy));
    }
  }
  return results;
}

Status Runner::run_in(RunState& state, const RunOptions& options, const ShapeSignature& signature,
                      const std::string& model) {
  const std::shared_ptr<const MemoryPlan> plan = fixed_plan_ != nullptr ? fixed_plan_ : plans_.find(signature);
  ArenaPool::Lease arena;
  if (plan != nullptr) TENON_RETURN_IF_ERROR(take_arena(*plan, &arena));
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
  TENON_RETURN_IF_ERROR(execute(program_, execution, state));
  if (profiler) TENON_RETURN_IF_ERROR(profiler->write(options.profile, model));
  if (fixed_plan_ == nullptr) learn_sizes(state, plan.get(), signature);
  return {};
}

Status Runner::take_arena(const MemoryPlan& plan, ArenaPool::Lease* arena) {
  auto lease = plan.arena_bytes <= memory_limit_ ? arenas_.take(plan.arena_bytes)
                                                 : error(TN_OUT_OF_MEMORY, "that is past the limit of ", memory_limit_,
                                                         " bytes: give smaller inputs or raise run_memory_limit_bytes");
  if (lease.is_ok()) {
    *arena = std::move(*lease);
    return {};
  }
  uint32_t largest = 0;
  for (uint32_t i = 1; i < plan.places.size(); ++i)
    if (plan.places[i].bytes > plan.places[largest].bytes) largest = i;
  const Slot& slot = program_.slots[largest];
  return lease.status().with_context(concat("the values of this run need ", plan.arena_bytes, " bytes, the largest '",
                                            slot.value->name, "' with ", plan.places[largest].bytes, " bytes from ",
                                            describe(program_.steps[slot.first_step])));
}

// Plans the next run of these shapes from what the values took in this one, at least what they took before.
void Runner::learn_sizes(RunState& state, const MemoryPlan* plan, const ShapeSignature& signature) {
  bool grew = plan == nullptr;
  std::vector<uint64_t> sizes(program_.slots.size(), 0);
  for (uint32_t i = 0; i < sizes.size(); ++i) {
    if (!program_.slots[i].in_arena()) continue;
    sizes[i] = state.slot(i).bytes;
    if (plan == nullptr) continue;
    grew = grew || sizes[i] > plan->places[i].bytes;
    sizes[i] = std::max(sizes[i], plan->places[i].bytes);
  }
  if (grew) plans_.put(signature, std::make_shared<const MemoryPlan>(plan_memory(program_, sizes)));
}

std::vector<std::span<const std::byte>> Runner::scratch_ranges() const {
  std::lock_guard lock(mutex_);
  std::vector<std::span<const std::byte>> ranges;
  for (const auto& state : idle_states_)
    for (const HostRegion& region : state->scratch.regions()) ranges.emplace_back(region.data(), region.bytes());
  return ranges;
}

uint64_t Runner::scratch_peak_bytes() const {
  std::lock_guard lock(mutex_);
  return scratch_peak_bytes_;
}

}  // namespace tenon::host
