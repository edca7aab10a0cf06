#include "host/runtime/memory_plan.h"

#include <algorithm>
#include <numeric>

#include "host/base/checked.h"
#include "host/base/dtype.h"

namespace tenon::host {
namespace {

constexpr size_t kMostBlocks = 4096;

struct Placed {
  uint64_t begin, end;
  uint32_t first, last;
};

uint64_t rounded_up(uint64_t bytes) {
  return (bytes + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
}

// The start of the smallest gap of `bytes` between the blocks (sorted by begin) that live in [first, last].
uint64_t tightest_gap(const std::vector<Placed>& placed, uint64_t bytes, uint32_t first, uint32_t last) {
  uint64_t best = kNoOffset, best_gap = UINT64_MAX, end = 0;
  for (const Placed& p : placed) {
    if (p.last < first || p.first > last) continue;
    if (p.begin > end && p.begin - end >= bytes && p.begin - end < best_gap) {
      best = end;
      best_gap = p.begin - end;
    }
    end = std::max(end, p.end);
  }
  return best == kNoOffset ? end : best;
}

// The slot of an input, or of what it is a view of, whose memory an output of the step may take: read by nobody later,
// of the same size, and given to the kernel once only, since a kernel allows the reuse of one input, not of its twin.
uint32_t reusable_input(const Program& program, uint32_t s, uint32_t which, std::span<const uint64_t> slot_bytes) {
  const Step& step = program.steps[s];
  const uint32_t output = step.outputs[which];
  if (step.is_host() || slot_bytes[output] == 0) return kNoSlot;
  for (uint32_t i = 0; i < step.inputs.size(); ++i) {
    if (step.inputs[i] == kNoSlot || !step.kernel.may_share(which, i)) continue;
    const uint32_t root = program.root_of(step.inputs[i]);
    const Slot& slot = program.slots[root];
    const auto lies_there = [&](uint32_t input) { return input != kNoSlot && program.root_of(input) == root; };
    if (slot.in_arena() && slot.last_step == s && slot_bytes[root] == slot_bytes[output] &&
        std::count_if(step.inputs.begin(), step.inputs.end(), lies_there) == 1)
      return root;
  }
  return kNoSlot;
}

}  // namespace

BlockLayout lay_out(std::span<const BlockRequest> requests) {
  BlockLayout layout;
  layout.offsets.assign(requests.size(), kNoOffset);
  std::vector<uint32_t> order;
  for (uint32_t i = 0; i < requests.size(); ++i)
    if (requests[i].bytes > 0) order.push_back(i);
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return requests[a].bytes > requests[b].bytes; });
  if (order.size() > kMostBlocks) order.resize(kMostBlocks);

  std::vector<Placed> placed;
  for (const uint32_t i : order) {
    const BlockRequest& r = requests[i];
    // A sum near 2^64 can only come from a model's made-up shapes: such values are left to the heap, which refuses.
    const CheckedSize padded = CheckedSize(r.bytes) + kArenaAlignment;
    if (!padded.fits(INT64_MAX)) continue;
    const uint64_t bytes = rounded_up(r.bytes);
    const uint64_t begin = tightest_gap(placed, bytes, r.first, r.last);
    if (!(CheckedSize(begin) + bytes).fits(INT64_MAX)) continue;
    layout.offsets[i] = begin;
    layout.total_bytes = std::max(layout.total_bytes, begin + bytes);
    const Placed block{begin, begin + bytes, r.first, r.last};
    placed.insert(std::upper_bound(placed.begin(), placed.end(), block,
                                   [](const Placed& a, const Placed& b) { return a.begin < b.begin; }),
                  block);
  }
  return layout;
}

MemoryPlan plan_memory(const Program& program, std::span<const uint64_t> slot_bytes) {
  MemoryPlan plan;
  plan.places.resize(program.slots.size());
  std::vector<BlockRequest> blocks;
  std::vector<uint32_t> block_of(program.slots.size(), kNoSlot);
  for (uint32_t s = 0; s < program.steps.size(); ++s) {
    const Step& step = program.steps[s];
    std::vector<uint32_t> taken;  // by earlier outputs of the step
    for (uint32_t i = 0; i < step.outputs.size(); ++i) {
      const uint32_t output = step.outputs[i];
      if (output == kNoSlot || !program.slots[output].in_arena()) continue;
      plan.places[output].bytes = slot_bytes[output];
      const uint32_t reused = reusable_input(program, s, i, slot_bytes);
      if (reused != kNoSlot && std::find(taken.begin(), taken.end(), reused) == taken.end()) {
        taken.push_back(reused);
        plan.places[output].reuses = reused;
        block_of[output] = block_of[reused];
        blocks[block_of[output]].last = program.slots[output].last_step;
      } else {
        block_of[output] = static_cast<uint32_t>(blocks.size());
        blocks.push_back({slot_bytes[output], s, program.slots[output].last_step});
      }
    }
  }
  const BlockLayout layout = lay_out(blocks);
  plan.arena_bytes = layout.total_bytes;
  for (uint32_t i = 0; i < program.slots.size(); ++i)
    if (block_of[i] != kNoSlot) plan.places[i].offset = layout.offsets[block_of[i]];
  return plan;
}

std::optional<std::vector<uint64_t>> inferred_sizes(const Program& program) {
  std::vector<uint64_t> bytes(program.slots.size(), 0);
  for (size_t i = 0; i < bytes.size(); ++i) {
    const Slot& slot = program.slots[i];
    if (!slot.in_arena()) continue;
    const auto shape = numeric_shape(slot.value->type);
    if (slot.value->type.dtype == TN_UNDEFINED || !shape) return std::nullopt;
    if (std::any_of(shape->begin(), shape->end(), [](int64_t d) { return d < 0; })) return std::nullopt;
    const auto size = checked_byte_length(slot.value->type.dtype, *shape).get();
    if (!size) return std::nullopt;
    bytes[i] = *size;
  }
  return bytes;
}

}  // namespace tenon::host
