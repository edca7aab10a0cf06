#include "host/placement/prepack.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <tuple>
#include <unordered_map>

#include "host/base/checked.h"
#include "host/runtime/validation/guarded_memory.h"
#include "host/threads/tasks.h"

namespace tenon::host {
namespace {

class Planner {
 public:
  Planner(const std::vector<Step>& steps, uint64_t limit) : limit_(limit) { plan_.steps = step_tree(steps); }

  Result<PrepackPlan> run(const Graph& graph) {
    for (size_t s = 0; s < plan_.steps.size(); ++s) {
      const Step& step = *plan_.steps[s];
      const Status status = step.is_host() ? read_all(step) : add_slots(s);
      if (!status.is_ok()) return status.with_context(describe(step));
      for (const Program& body : step.bodies) keep_outputs(*body.graph);
    }
    keep_outputs(graph);
    for (const auto& [value, is_read] : reads_)
      if (!is_read) plan_.unread_sources.insert(value);
    return std::move(plan_);
  }

 private:
  static bool is_constant(const Value* value) { return value != nullptr && value->is_constant(); }

  void keep_outputs(const Graph& graph) {
    for (const Value* output : graph.outputs) reads_[output] = true;
  }

  Status read_all(const Step& step) {
    for (const Value* value : step.input_values)
      if (is_constant(value)) reads_[value] = true;
    return {};
  }

  Status add_slots(size_t s) {
    const Step& step = *plan_.steps[s];
    std::unordered_map<uint32_t, bool> packed;  // inputs, and whether the kernel still reads them
    TENON_ASSIGN_OR_RETURN(const uint32_t slots, step.kernel.pack_count());
    for (uint32_t slot = 0; slot < slots; ++slot) {
      TENON_ASSIGN_OR_RETURN(const tn_pack_plan asked, step.kernel.pack_plan(slot));
      if (asked.byte_length == 0) continue;
      TENON_RETURN_IF_ERROR(check_pack_inputs(step, slot, asked));
      for (uint32_t i = 0; i < asked.input_count; ++i) {
        bool& is_needed = packed[asked.inputs[i]];
        is_needed = is_needed || asked.sources_needed;
      }
      TENON_RETURN_IF_ERROR(add(s, slot, asked));
    }
    for (uint32_t i = 0; i < step.input_values.size(); ++i) {
      if (!is_constant(step.input_values[i])) continue;
      bool& is_read = reads_[step.input_values[i]];
      const auto found = packed.find(i);
      is_read = is_read || found == packed.end() || found->second;
    }
    return {};
  }

  Status add(size_t step, uint32_t slot, const tn_pack_plan& asked) {
    std::string kernel_key(asked.key.data, asked.key.size);
    PrepackPlan::Blob blob{
        step, slot, {asked.inputs, asked.inputs + asked.input_count}, asked.alignment, asked.byte_length, {}, {}};
    Key key{plan_.steps[step]->provider, kernel_key, asked.byte_length, {}};
    for (const Tensor* source : sources_of(plan_, blob))
      std::get<3>(key).emplace_back(source->data(), source->dtype(), source->shape());
    const auto [it, is_new] = known_.try_emplace(std::move(key), plan_.blobs.size());
    plan_.uses.push_back({step, slot, it->second, std::move(kernel_key), blob.inputs, asked.sources_needed});
    if (!is_new) return {};
    blob.label = label_of(blob);
    if (blob.bytes == TN_LENGTH_UNKNOWN) {
      TENON_RETURN_IF_ERROR(
          plan_.steps[step]->kernel.pack(slot, sources_of(plan_, blob), {nullptr, 0, &blob.content, 1}));
      blob.bytes = blob.content.size();
      if (blob.bytes == 0) return error(TN_INTERNAL, "slot ", slot, " (", blob.label, ") was packed to nothing");
    }
    const CheckedSize end = CheckedSize(end_) + blob.alignment + blob.bytes;
    if (!end.fits(std::min<uint64_t>(limit_, INT64_MAX)))
      return error(TN_OUT_OF_MEMORY, "slot ", slot, " (", blob.label, ") takes ", blob.bytes, " bytes, which with the ",
                   end_, " packed before is past the limit of ", limit_, " bytes");
    end_ += blob.alignment + blob.bytes;
    plan_.bytes += blob.bytes;
    plan_.blobs.push_back(std::move(blob));
    return {};
  }

  // "packed 'fc_weight'", "packed 'codes', 'scales'".
  std::string label_of(const PrepackPlan::Blob& blob) const {
    const Step& step = *plan_.steps[blob.step];
    std::string label = "packed ";
    for (const uint32_t input : blob.inputs)
      label += concat(input == blob.inputs.front() ? "'" : ", '", step.input_values[input]->name, "'");
    return blob.inputs.empty() ? concat("compiled for ", describe(step)) : label;
  }

  using Source = std::tuple<const void*, tn_dtype, std::vector<int64_t>>;
  // provider, the kernel's key, length, sources
  using Key = std::tuple<std::string, std::string, uint64_t, std::vector<Source>>;
  const uint64_t limit_;
  uint64_t end_ = 0;  // if each blob took its alignment in full
  PrepackPlan plan_;
  std::map<Key, size_t> known_;
  std::unordered_map<const Value*, bool> reads_;  // constants, and whether anyone needs the original bytes
};

}  // namespace

Result<PrepackPlan> plan_prepack(const std::vector<Step>& steps, const Graph& graph, uint64_t limit_bytes) {
  return Planner(steps, limit_bytes).run(graph);
}

Status check_pack_inputs(const Step& step, uint32_t slot, const tn_pack_plan& plan) {
  for (uint32_t i = 0; i < plan.input_count; ++i) {
    const uint32_t input = plan.inputs[i];
    const Value* value = input < step.input_values.size() ? step.input_values[input] : nullptr;
    if (value == nullptr || !value->is_constant())
      return error(TN_INTERNAL, "the kernel of provider '", step.provider, "' packs slot ", slot, " of input ", input,
                   ", which is ", value == nullptr ? "not there" : "not constant", ": a bug in the provider");
    if (std::find(plan.inputs, plan.inputs + i, input) != plan.inputs + i)
      return error(TN_INTERNAL, "the kernel of provider '", step.provider, "' names input ", input, " twice for slot ",
                   slot, ": a bug in the provider");
  }
  return {};
}

Status bind_pack(Step& step, uint32_t slot, std::span<const std::byte> blob, std::span<const uint32_t> inputs,
                 bool sources_needed) {
  TENON_RETURN_IF_ERROR(step.kernel.bind_pack(slot, blob.data(), blob.size()));
  step.packed.push_back(blob);
  for (const uint32_t input : inputs) {
    bool& is_read = step.packed_inputs[input];
    is_read = is_read || sources_needed;
  }
  return {};
}

std::vector<const Tensor*> sources_of(const PrepackPlan& plan, const PrepackPlan::Blob& blob) {
  std::vector<const Tensor*> sources;
  for (const uint32_t input : blob.inputs) sources.push_back(&*plan.steps[blob.step]->input_values[input]->constant);
  return sources;
}

namespace {

Status pack_guarded(const Step& step, const PrepackPlan::Blob& blob, const std::vector<const Tensor*>& sources,
                    GuardedMemory& memory) {
  TENON_RETURN_IF_ERROR(step.kernel.pack(blob.slot, sources, {memory.data(), blob.bytes, nullptr, 1}));
  const std::string trespass = memory.trespass();
  if (trespass.empty()) return {};
  return error(TN_INTERNAL, "provider '", step.provider, "': pack of slot ", blob.slot, " (", blob.label,
               ") wrote around the ", blob.bytes, " bytes that it planned, ", trespass, ": a bug in the provider");
}

Status pack_watched(const Step& step, const PrepackPlan::Blob& blob, const std::vector<const Tensor*>& sources,
                    void* memory) {
  TENON_ASSIGN_OR_RETURN(GuardedMemory first, GuardedMemory::allocate(blob.bytes, GuardedMemory::kFirstFill));
  TENON_ASSIGN_OR_RETURN(GuardedMemory second, GuardedMemory::allocate(blob.bytes, GuardedMemory::kSecondFill));
  TENON_RETURN_IF_ERROR(pack_guarded(step, blob, sources, first));
  TENON_RETURN_IF_ERROR(pack_guarded(step, blob, sources, second));
  const auto other = std::mismatch(first.data(), first.data() + blob.bytes, second.data()).first - first.data();
  if (static_cast<uint64_t>(other) < blob.bytes)
    return error(TN_INTERNAL, "provider '", step.provider, "': pack of slot ", blob.slot, " (", blob.label,
                 ") leaves byte ", other, " of ", blob.bytes,
                 " unwritten, or gives another one the second time: a bug "
                 "in the provider");
  std::memcpy(memory, first.data(), blob.bytes);
  return {};
}

}  // namespace

Status pack_blob(const PrepackPlan& plan, const PrepackPlan::Blob& blob, void* memory) {
  if (!blob.content.empty()) {
    std::copy(blob.content.begin(), blob.content.end(), static_cast<std::byte*>(memory));
    return {};
  }
  const Step& step = *plan.steps[blob.step];
  const Status status = plan.validates
                            ? pack_watched(step, blob, sources_of(plan, blob), memory)
                            : step.kernel.pack(blob.slot, sources_of(plan, blob), {memory, blob.bytes, nullptr, 1});
  return status.with_context(describe(step));
}

namespace {

void drop_private_copy(Value& value) {
  const Tensor& source = *value.constant;
  if (source.residence() != Residence::kCopied && source.residence() != Residence::kComputed) return;
  value.constant = Tensor(source.dtype(), source.shape(), nullptr, 0, nullptr, Residence::kDropped,
                          "every kernel reads it packed, so the private copy was freed");
}

// Frees private copies as soon as their last blob is packed, so that not all are held beside all blobs. thread: any
class SourceUses {
 public:
  explicit SourceUses(const PrepackPlan& plan) : plan_(plan) {
    for (const PrepackPlan::Blob& blob : plan.blobs)
      for (const uint32_t input : blob.inputs) ++left_[source(blob, input)];
  }
  void end_one(const PrepackPlan::Blob& blob) {
    const std::lock_guard lock(mutex_);
    for (const uint32_t input : blob.inputs) {
      Value* value = source(blob, input);
      if (--left_[value] == 0 && plan_.unread_sources.contains(value)) drop_private_copy(*value);
    }
  }

 private:
  Value* source(const PrepackPlan::Blob& blob, uint32_t input) const {
    return plan_.steps[blob.step]->input_values[input];
  }

  const PrepackPlan& plan_;
  std::mutex mutex_;
  std::unordered_map<const Value*, size_t> left_;
};

}  // namespace

Result<PackedWeights> prepack(std::vector<Step>& steps, const PrepackPlan& plan, unsigned threads, Sources sources,
                              const std::shared_ptr<RegionSource>& memory) {
  std::vector<uint64_t> offsets;
  uint64_t total = 0;
  for (const PrepackPlan::Blob& blob : plan.blobs) {
    offsets.push_back((total + blob.alignment - 1) / blob.alignment * blob.alignment);
    total = offsets.back() + blob.bytes;
  }
  auto region = HostRegion::allocate(total, memory);
  if (!region.is_ok()) return region.status().with_context("packed weights");
  PackedWeights packed{std::make_unique<HostRegion>(std::move(*region)), plan.bytes};
  std::byte* const packed_bytes = packed.region->data();
  std::optional<SourceUses> uses;
  if (sources == Sources::kDropped) uses.emplace(plan);
  const auto pack_one = [&](size_t i) -> Status {
    TENON_RETURN_IF_ERROR(pack_blob(plan, plan.blobs[i], packed_bytes + offsets[i]));
    if (uses) uses->end_one(plan.blobs[i]);
    return {};
  };
  TENON_RETURN_IF_ERROR(run_tasks(plan.blobs.size(), threads, pack_one));
  TENON_RETURN_IF_ERROR(packed.region->seal());
  const std::vector<Step*> tree = step_tree(steps);
  for (const PrepackPlan::Use& use : plan.uses) {
    Step& step = *tree[use.step];
    // Of another value than the blob was made from, but with the same bytes.
    for (const uint32_t input : use.inputs) {
      Value& source = *step.input_values[input];
      if (uses && plan.unread_sources.contains(&source)) drop_private_copy(source);
    }
    const Status status = bind_pack(step, use.slot, {packed_bytes + offsets[use.blob], plan.blobs[use.blob].bytes},
                                    use.inputs, use.sources_needed);
    if (!status.is_ok()) return status.with_context(describe(step));
  }
  return packed;
}

}  // namespace tenon::host
