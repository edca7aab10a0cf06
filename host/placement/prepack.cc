#include "host/placement/prepack.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <tuple>
#include <unordered_map>

#include "host/base/checked.h"
#include "host/threads/tasks.h"

namespace tenon::host {
namespace {

constexpr uint32_t kLeastAlignment = 64;

class Planner {
 public:
  Planner(const std::vector<Step>& steps, uint64_t limit) : limit_(limit) { plan_.steps = step_tree(steps); }

  Result<PrepackPlan> run(const Graph& graph) {
    for (size_t s = 0; s < plan_.steps.size(); ++s) {
      const Step& step = *plan_.steps[s];
      for (uint32_t i = 0; i < step.input_values.size(); ++i) {
        const Value* value = step.input_values[i];
        if (value == nullptr || !value->is_constant()) continue;
        const Status status = add(s, i, *value);
        if (!status.is_ok()) return status.with_context(describe(step));
      }
      for (const Program& body : step.bodies) keep_outputs(*body.graph);
    }
    keep_outputs(graph);
    for (const auto& [value, is_read] : reads_)
      if (!is_read) plan_.unread_sources.insert(value);
    return std::move(plan_);
  }

 private:
  void keep_outputs(const Graph& graph) {
    for (const Value* output : graph.outputs) reads_[output] = true;
  }

  Status add(size_t step, uint32_t input, const Value& value) {
    bool& is_read = reads_[&value];
    if (plan_.steps[step]->is_host()) {
      is_read = true;
      return {};
    }
    TENON_ASSIGN_OR_RETURN(const tn_pack_plan asked, plan_.steps[step]->kernel.pack_plan(input));
    if (asked.byte_length == 0) {
      is_read = true;
      return {};
    }
    is_read = is_read || asked.source_needed;
    const uint32_t alignment = std::max(kLeastAlignment, asked.alignment);
    if (alignment > 4096 || (alignment & (alignment - 1)) != 0)
      return error(TN_INTERNAL, "input ", input, " asks for packed bytes aligned to ", asked.alignment,
                   ": it must be a power of two, at most 4096");
    const Tensor& weight = *value.constant;
    std::string kernel_key(asked.key.data == nullptr ? "" : asked.key.data, asked.key.size);
    const Key key{
        plan_.steps[step]->provider, kernel_key, weight.data(), weight.dtype(), weight.shape(), asked.byte_length};
    const auto [it, is_new] = known_.try_emplace(key, plan_.blobs.size());
    plan_.uses.push_back({step, input, it->second, std::move(kernel_key)});
    if (!is_new) return {};
    const CheckedSize end = CheckedSize(end_) + alignment + asked.byte_length;
    if (!end.fits(std::min<uint64_t>(limit_, INT64_MAX)))
      return error(TN_OUT_OF_MEMORY, "packing input ", input, " ('", value.name, "') takes ", asked.byte_length,
                   " bytes, which with the ", end_, " packed before is past the limit of ", limit_, " bytes");
    end_ += alignment + asked.byte_length;
    plan_.bytes += asked.byte_length;
    plan_.blobs.push_back({step, input, alignment, asked.byte_length, concat("packed '", value.name, "'")});
    return {};
  }

  using Key = std::tuple<std::string, std::string, const void*, tn_dtype, std::vector<int64_t>, uint64_t>;
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

const Tensor& source_of(const PrepackPlan& plan, const PrepackPlan::Blob& blob) {
  return *plan.steps[blob.step]->input_values[blob.input]->constant;
}

Status pack_blob(const PrepackPlan& plan, const PrepackPlan::Blob& blob, void* memory) {
  const Step& step = *plan.steps[blob.step];
  return step.kernel.pack(blob.input, source_of(plan, blob), memory).with_context(describe(step));
}

namespace {

Value& source_value(const PrepackPlan& plan, const PrepackPlan::Blob& blob) {
  return *plan.steps[blob.step]->input_values[blob.input];
}

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
    for (const PrepackPlan::Blob& blob : plan.blobs) ++left_[&source_value(plan, blob)];
  }
  void end_one(const PrepackPlan::Blob& blob) {
    Value& value = source_value(plan_, blob);
    const std::lock_guard lock(mutex_);
    if (--left_[&value] == 0 && plan_.unread_sources.contains(&value)) drop_private_copy(value);
  }

 private:
  const PrepackPlan& plan_;
  std::mutex mutex_;
  std::unordered_map<const Value*, size_t> left_;
};

}  // namespace

Result<PackedWeights> prepack(std::vector<Step>& steps, const PrepackPlan& plan, unsigned threads, Sources sources) {
  std::vector<uint64_t> offsets;
  uint64_t total = 0;
  for (const PrepackPlan::Blob& blob : plan.blobs) {
    offsets.push_back((total + blob.alignment - 1) / blob.alignment * blob.alignment);
    total = offsets.back() + blob.bytes;
  }
  auto region = HostRegion::allocate(total);
  if (!region.is_ok()) return region.status().with_context("packed weights");
  PackedWeights packed{std::make_unique<HostRegion>(std::move(*region)), plan.bytes};
  std::byte* memory = packed.region->data();
  std::optional<SourceUses> uses;
  if (sources == Sources::kDropped) uses.emplace(plan);
  const auto pack_one = [&](size_t i) -> Status {
    TENON_RETURN_IF_ERROR(pack_blob(plan, plan.blobs[i], memory + offsets[i]));
    if (uses) uses->end_one(plan.blobs[i]);
    return {};
  };
  TENON_RETURN_IF_ERROR(run_tasks(plan.blobs.size(), threads, pack_one));
  TENON_RETURN_IF_ERROR(packed.region->seal());
  const std::vector<Step*> tree = step_tree(steps);
  for (const PrepackPlan::Use& use : plan.uses) {
    Step& step = *tree[use.step];
    // Of another value than the blob was made from, but with the same bytes.
    Value& source = *step.input_values[use.input];
    if (uses && plan.unread_sources.contains(&source)) drop_private_copy(source);
    const Status status = step.kernel.bind_pack(use.input, memory + offsets[use.blob], plan.blobs[use.blob].bytes);
    if (!status.is_ok()) return status.with_context(describe(step));
  }
  return packed;
}

}  // namespace tenon::host
