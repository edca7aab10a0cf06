#include "host/session/prepack.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <tuple>
#include <unordered_map>

#include "host/base/checked.h"
#include "host/session/thread_pool.h"

namespace tenon::host {
namespace {

constexpr uint64_t kLeastAlignment = 64;
constexpr double kPackCost = 1e6;  // nanoseconds; always worth a thread

struct Use {
  Step* step;
  uint32_t input;
  size_t blob;
};

struct Blob {
  Step* step;  // whose kernel packs it
  uint32_t input;
  uint64_t offset;
  uint64_t bytes;
};

class Packer {
 public:
  Packer(std::vector<Step>& steps, uint64_t limit) : steps_(steps), limit_(limit) {}

  Result<PackedWeights> run(const Graph& graph, unsigned threads) {
    for (Step& step : steps_)
      for (uint32_t i = 0; i < step.input_values.size(); ++i)
        if (const Value* value = step.input_values[i]; value != nullptr && value->is_constant())
          TENON_RETURN_IF_ERROR(plan(step, i, *value).with_context(describe(step)));
    PackedWeights packed;
    packed.bytes = packed_bytes_;
    auto region = HostRegion::allocate(total_);
    if (!region.is_ok()) return region.status().with_context("packed weights");
    packed.region = std::make_unique<HostRegion>(std::move(*region));
    TENON_RETURN_IF_ERROR(pack_all(packed.region->data(), threads));
    TENON_RETURN_IF_ERROR(packed.region->seal());
    for (const Use& use : uses_) {
      const Blob& blob = blobs_[use.blob];
      const Status status = use.step->kernel.bind_pack(use.input, packed.region->data() + blob.offset, blob.bytes);
      if (!status.is_ok()) return status.with_context(describe(*use.step));
    }
    for (const Value* output : graph.outputs) reads_[output] = true;
    for (const auto& [value, is_read] : reads_)
      if (!is_read) packed.unread_sources.insert(value);
    return packed;
  }

 private:
  Status plan(Step& step, uint32_t input, const Value& value) {
    TENON_ASSIGN_OR_RETURN(const tn_pack_plan plan, step.kernel.pack_plan(input));
    bool& is_read = reads_[&value];
    if (plan.byte_length == 0) {
      is_read = true;
      return {};
    }
    is_read = is_read || plan.source_needed;
    const uint64_t alignment = std::max<uint64_t>(kLeastAlignment, plan.alignment);
    if (alignment > 4096 || (alignment & (alignment - 1)) != 0)
      return error(TN_INTERNAL, "input ", input, " asks for packed bytes aligned to ", plan.alignment,
                   ": it must be a power of two, at most 4096");
    const Tensor& weight = *value.constant;
    const Key key{step.provider,  std::string(plan.key.data == nullptr ? "" : plan.key.data, plan.key.size),
                  weight.data(),  weight.dtype(),
                  weight.shape(), plan.byte_length};
    const auto [it, is_new] = known_.try_emplace(key, blobs_.size());
    uses_.push_back({&step, input, it->second});
    if (!is_new) return {};
    const CheckedSize end = CheckedSize(total_) + alignment + plan.byte_length;
    if (!end.fits(std::min<uint64_t>(limit_, INT64_MAX)))
      return error(TN_OUT_OF_MEMORY, "packing input ", input, " ('", value.name, "') takes ", plan.byte_length,
                   " bytes, which with the ", total_, " packed before is past the limit of ", limit_, " bytes");
    const uint64_t offset = (total_ + alignment - 1) / alignment * alignment;
    blobs_.push_back({&step, input, offset, plan.byte_length});
    total_ = offset + plan.byte_length;
    packed_bytes_ += plan.byte_length;
    return {};
  }

  Status pack_all(std::byte* memory, unsigned threads) {
    struct Context {
      Packer* packer;
      std::byte* memory;
      std::mutex mutex;
      Status failure;
    } context{this, memory, {}, {}};
    ThreadPool::process().parallel_for(
        static_cast<int64_t>(blobs_.size()), kPackCost, threads,
        [](void* arg, uint32_t, int64_t begin, int64_t end) {
          Context& c = *static_cast<Context*>(arg);
          for (int64_t i = begin; i < end; ++i) {
            const Blob& blob = c.packer->blobs_[static_cast<size_t>(i)];
            const Status status = blob.step->kernel.pack(blob.input, *blob.step->input_values[blob.input]->constant,
                                                         c.memory + blob.offset);
            if (status.is_ok()) continue;
            std::lock_guard lock(c.mutex);
            c.failure = status.with_context(describe(*blob.step));
          }
        },
        &context);
    return context.failure;
  }

  using Key = std::tuple<std::string, std::string, const void*, tn_dtype, std::vector<int64_t>, uint64_t>;
  std::vector<Step>& steps_;
  const uint64_t limit_;
  uint64_t total_ = 0;
  uint64_t packed_bytes_ = 0;
  std::vector<Blob> blobs_;
  std::vector<Use> uses_;
  std::map<Key, size_t> known_;
  std::unordered_map<const Value*, bool> reads_;  // constants, and whether anyone needs the original bytes
};

}  // namespace

Result<PackedWeights> prepack(std::vector<Step>& steps, const Graph& graph, uint64_t limit_bytes, unsigned threads) {
  return Packer(steps, limit_bytes).run(graph, threads);
}

}  // namespace tenon::host
