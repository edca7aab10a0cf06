#include "host/runtime/step_run.h"

#include <algorithm>

#include "host/base/checked.h"
#include "host/runtime/host_region.h"
#include "host/threads/thread_pool.h"

namespace tenon::host {
namespace {

// Outputs without elements point here rather than nowhere, for kernels that hand the pointer to memcpy.
alignas(kArenaAlignment) std::byte no_bytes[kArenaAlignment];

constexpr uint64_t kPagedBytes = 128 << 10;

// Of a value between steps: its pages go back to the system with it, where the heap would keep them.
Result<Tensor> allocate_pages(tn_dtype dtype, std::vector<int64_t> shape, uint64_t bytes,
                              const std::shared_ptr<RegionSource>& source) {
  TENON_ASSIGN_OR_RETURN(HostRegion region, HostRegion::allocate(bytes, source));
  auto owner = std::make_shared<HostRegion>(std::move(region));
  const void* data = owner->data();
  return Tensor(dtype, std::move(shape), data, bytes, std::move(owner), Residence::kRuntime);
}

bool has_dims(const ValueType& type, std::span<const int64_t> dims) {
  return !type.dims || std::equal(type.dims->begin(), type.dims->end(), dims.begin(), dims.end(),
                                  [](const Dim& known, int64_t d) { return known.value < 0 || known.value == d; });
}

}  // namespace

void StepRun::begin(uint32_t step) {
  step_ = &program_.steps[step];
  can_put_off_ = step_->kernel.process() != nullptr && can_put_off(*step_);
  std::fill_n(state_.given.begin(), step_->outputs.size(), false);
}

bool StepRun::can_put_off(const Step& step) const {
  if (execution_.plan == nullptr || execution_.profiler != nullptr || execution_.validates) return false;
  for (size_t i = 0; i < step.outputs.size(); ++i) {
    const Value* const value = step.output_values[i];
    if (step.outputs[i] == kNoSlot) continue;
    if (value == nullptr || !value->type.is_proven || !value->type.dims || value->type.dtype == TN_STRING ||
        value->type.dtype == TN_UNDEFINED)
      return false;
    for (const Dim& dim : *value->type.dims)
      if (dim.value < 0) return false;
  }
  return true;
}

std::pair<uint32_t, std::span<const int64_t>> StepRun::foreseen(uint32_t index) const {
  const ValueType& type = step_->output_values[index]->type;
  foreseen_.clear();
  for (const Dim& dim : *type.dims) foreseen_.push_back(dim.value);
  return {type.dtype, foreseen_};
}

bool StepRun::is_lasting(const void* data) const {
  const auto* const byte = static_cast<const std::byte*>(data);
  return execution_.plan != nullptr && !std::less<>()(byte, execution_.arena) &&
         std::less<>()(byte, execution_.arena + execution_.plan->arena_bytes);
}

Status StepRun::finish() {
  for (size_t i = 0; i < step_->outputs.size(); ++i)
    if (step_->outputs[i] != kNoSlot && !state_.given[i])
      return error(TN_INTERNAL, "the kernel returned without asking for output ", i, " ('",
                   step_->output_values[i]->name, "'): a bug in the provider");
  state_.discarded.clear();
  discarded_.clear();
  state_.scratch.reset();
  return {};
}

const tn_tensor* StepRun::input(uint32_t index) const {
  if (index >= step_->inputs.size() || step_->inputs[index] == kNoSlot) return nullptr;
  return &state_.slot(step_->inputs[index]).view;
}

bool StepRun::output_wanted(uint32_t index) const {
  return index < step_->outputs.size() && step_->outputs[index] != kNoSlot;
}

Status StepRun::check_output(uint32_t index, uint32_t dtype, const int64_t* shape, uint32_t rank,
                             uint64_t* bytes) const {
  if (index >= step_->outputs.size())
    return error(TN_INTERNAL, "the kernel asks for output ", index, ", but the node has ", step_->outputs.size());
  if (state_.given[index]) return error(TN_INTERNAL, "the kernel asks for output ", index, " a second time");
  if (rank > 0 && shape == nullptr) return error(TN_INTERNAL, "the kernel gives no shape for output ", index);
  const std::span<const int64_t> dims(shape, rank);
  const auto size = dtype_bits(dtype) == 0 ? std::nullopt : checked_byte_length(dtype, dims).get();
  if (!size)
    return error(TN_INTERNAL, "the kernel asks for output ", index, " of type ", dtype_name(dtype), " and shape ",
                 shape_text(dims), ": the type is unknown, a dimension negative, or the size beyond 64 bits");
  const Value* value = step_->output_values[index];
  if (value != nullptr && value->type.dtype != TN_UNDEFINED && value->type.dtype != static_cast<tn_dtype>(dtype))
    return error(TN_INTERNAL, "the kernel makes output ", index, " ('", value->name, "') of type ", dtype_name(dtype),
                 ", the graph expects ", dtype_name(value->type.dtype));
  if (value != nullptr && value->type.is_proven && !has_dims(value->type, dims))
    return error(TN_INTERNAL, "the kernel makes output ", index, " ('", value->name, "') of shape ", shape_text(dims),
                 ", but its inputs and attributes give ", describe(value->type),
                 ": a bug in the provider, or in Tenon's shape rule");
  *bytes = *size;
  return {};
}

// The slot's planned memory when the value fits there; nullptr: it has to go to the heap.
void* StepRun::arena_place(uint32_t slot, uint64_t bytes) {
  if (execution_.plan == nullptr || !program_.slots[slot].in_arena()) return nullptr;
  const MemoryPlan::Place& place = execution_.plan->places[slot];
  if (place.offset == kNoOffset || bytes > place.bytes) return nullptr;
  // In place only over an input of the very same size: a broadcast input must survive until it is read again.
  if (place.reuses != kNoSlot && state_.slot(place.reuses).bytes != bytes) return nullptr;
  return execution_.arena + place.offset;
}

const BoundSlot* StepRun::bound_place(uint32_t slot) const {
  for (const BoundSlot& bound : execution_.bound)
    if (bound.slot == slot) return &bound;
  return nullptr;
}

Status StepRun::allocate(uint32_t index, uint32_t slot, uint32_t dtype, const int64_t* shape, uint32_t rank,
                         uint64_t bytes) {
  const CheckedSize total = CheckedSize(execution_.fixed_bytes()) + state_.heap_bytes + bytes;
  if (!total.fits(execution_.memory_limit))
    return error(TN_OUT_OF_MEMORY, "output ", index, " needs ", bytes, " bytes, which takes the run past its limit of ",
                 execution_.memory_limit, " bytes: give smaller inputs or raise run_memory_limit_bytes");
  std::vector<int64_t> dims(shape, shape + rank);
  const auto type = static_cast<tn_dtype>(dtype);
  const bool is_passing = slot != kNoSlot && program_.slots[slot].in_arena() && bytes >= kPagedBytes;
  TENON_ASSIGN_OR_RETURN(Tensor tensor, is_passing ? allocate_pages(type, std::move(dims), bytes, execution_.source)
                                                   : Tensor::allocate(type, std::move(dims), Residence::kRuntime));
  if (slot == kNoSlot) {
    discarded_.emplace_back(index, state_.discarded.size());
    state_.discarded.push_back(std::move(tensor));
  } else {
    state_.set_tensor(slot, std::move(tensor));
    state_.count(slot);
  }
  return {};
}

Status StepRun::output(uint32_t index, uint32_t dtype, const int64_t* shape, uint32_t rank, tn_tensor* out) {
  uint64_t bytes = 0;
  TENON_RETURN_IF_ERROR(check_output(index, dtype, shape, rank, &bytes));
  const uint32_t slot = step_->outputs[index];
  void* place = slot == kNoSlot || !program_.slots[slot].in_arena() ? nullptr
                : bytes == 0                                        ? no_bytes
                                                                    : arena_place(slot, bytes);
  const BoundSlot* bound = slot == kNoSlot || execution_.bound.empty() ? nullptr : bound_place(slot);
  if (place != nullptr) {
    state_.set_arena(slot, dtype, shape, rank, place, bytes);
  } else if (bound != nullptr && bound->bytes == bytes) {
    state_.set_tensor(slot, Tensor(static_cast<tn_dtype>(dtype), {shape, shape + rank}, bound->data, bytes, nullptr,
                                   Residence::kBorrowed));
  } else {
    TENON_RETURN_IF_ERROR(allocate(index, slot, dtype, shape, rank, bytes));
  }
  state_.given[index] = true;
  const uint32_t size = out->struct_size;
  *out = slot == kNoSlot ? state_.discarded.back().abi_view(0) : state_.slot(slot).view;
  out->struct_size = size;
  out->flags = 0;
  return {};
}

Status StepRun::set_string(uint32_t index, int64_t element, std::string_view value) {
  Tensor* tensor = nullptr;
  if (index < step_->outputs.size() && state_.given[index]) {
    if (step_->outputs[index] != kNoSlot) tensor = &state_.slot(step_->outputs[index]).held.tensor();
    for (const auto& [output, place] : discarded_)
      if (output == index) tensor = &state_.discarded[place];
  }
  if (tensor == nullptr || tensor->dtype() != TN_STRING)
    return error(TN_INTERNAL, "the kernel sets a string of output ", index, ", which is no string output it asked for");
  if (element < 0 || element >= tensor->element_count())
    return error(TN_INTERNAL, "the kernel sets string ", element, " of output ", index, ", which has ",
                 tensor->element_count());
  tensor->set_string(element, value);
  return {};
}

void* StepRun::scratch(size_t bytes, size_t alignment) {
  const uint64_t used = execution_.fixed_bytes() + state_.heap_bytes;
  const uint64_t left = execution_.memory_limit > used ? execution_.memory_limit - used : 0;
  return state_.scratch.take(bytes, alignment, left);
}

void StepRun::parallel_for(int64_t count, double item_cost_ns, int64_t grain, RangeFunction body, void* arg) {
  ThreadPool::process().parallel_for(count, item_cost_ns, execution_.threads, body, arg, grain);
}

void StepRun::phase(std::string_view name) {
  if (execution_.profiler != nullptr) execution_.profiler->begin_phase(name);
}

void StepRun::count(tn_counter counter, uint64_t amount) {
  if (execution_.profiler != nullptr) counters_.add(counter, amount);
}

// A value that is there several times is read once.
uint64_t StepRun::measured_bytes() const {
  uint64_t bytes = 0;
  for (const auto& blob : step_->packed) bytes += blob.size();
  const auto& inputs = step_->inputs;
  for (uint32_t i = 0; i < inputs.size(); ++i)
    if (inputs[i] != kNoSlot && step_->reads(i) &&
        std::find(inputs.begin(), inputs.begin() + i, inputs[i]) == inputs.begin() + i)
      bytes += state_.slot(inputs[i]).bytes;
  for (const uint32_t slot : step_->outputs)
    if (slot != kNoSlot) bytes += state_.slot(slot).bytes;
  return bytes;
}

Profiler::Counters StepRun::take_counters() {
  Profiler::Counters counters{counters_.take(TN_COUNT_FLOPS), counters_.take(TN_COUNT_BYTES)};
  if (!counters.bytes) counters.bytes = measured_bytes();
  return counters;
}

}  // namespace tenon::host
