// Runs programs; see program.h.
#include "program/program.h"

#include <algorithm>
#include <atomic>
#include <cstring>

namespace onednn {
namespace {

constexpr uint32_t kMagnitude = 0x7fffffff;

/// The largest magnitude as the bits of a float, NaN above all.
uint32_t largest_bits(const float* elements, int64_t count) {
  uint32_t largest = 0;
  for (int64_t i = 0; i < count; ++i) {
    uint32_t bits;
    std::memcpy(&bits, elements + i, sizeof bits);
    largest = std::max(largest, bits & kMagnitude);
  }
  return largest;
}

}  // namespace

void Program::lay_out() {
  std::vector<Buffer*> placed;
  for (Buffer& buffer : buffers) {
    if (buffer.kind != Buffer::Kind::kArena || buffer.first == Buffer::kNever) continue;
    const auto overlaps = [&](const Buffer* other) {
      return other->first <= buffer.last && buffer.first <= other->last;
    };
    buffer.bytes = (buffer.bytes + 63) / 64 * 64;
    buffer.offset = 0;
    // `placed` is in the order of offsets: the first gap between those that live at the same time.
    for (const Buffer* other : placed)
      if (overlaps(other) && other->offset < buffer.offset + buffer.bytes)
        buffer.offset = std::max(buffer.offset, other->offset + other->bytes);
    arena_bytes_ = std::max(arena_bytes_, buffer.offset + buffer.bytes);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), &buffer,
                                   [](const Buffer* a, const Buffer* b) { return a->offset < b->offset; }),
                  &buffer);
  }
  for (const StepPtr& step : steps) worker_bytes_ = std::max(worker_bytes_, (step->worker_bytes + 63) / 64 * 64);
}

sdk::Result<Bound> Program::scan(sdk::RunContext& run, const Memory& memory, int tensor) const {
  const Tensor& t = tensors[static_cast<size_t>(tensor)];
  const float* elements = memory.at<const float>(t.place);
  std::atomic<uint32_t> largest{0};
  constexpr int64_t kBlock = 16384;
  const auto count = static_cast<int64_t>(t.desc.get_size() / sizeof(float));
  run.parallel_for((count + kBlock - 1) / kBlock, 2000, [&](int64_t begin, int64_t end) {
    const uint32_t found = largest_bits(elements + begin * kBlock, std::min(count, end * kBlock) - begin * kBlock);
    uint32_t before = largest.load();
    while (found > before && !largest.compare_exchange_weak(before, found)) {
    }
  });
  const uint32_t bits = largest.load();
  float magnitude;
  std::memcpy(&magnitude, &bits, sizeof magnitude);
  return bits < 0x7f800000u ? Bound(magnitude) : kUnbounded;
}

sdk::Result<bool> Program::may_run(sdk::RunContext& run, const Memory& memory, const Step& step, const Packed& packed,
                                   std::vector<Bound>* bounds) const {
  const Gain* gain = step.slot < 0 ? nullptr : &packed.gains[static_cast<size_t>(step.slot)];
  std::vector<Bound> sources;
  for (const int source : step.sources) sources.push_back((*bounds)[static_cast<size_t>(source)]);
  Bound bound = step.range(sources, gain);
  if (step.needs_range && !(bound < kUnbounded)) {
    for (size_t i = 0; i < sources.size(); ++i) {
      TN_ASSIGN_OR_RETURN(sources[i], scan(run, memory, step.sources[i]));
      (*bounds)[static_cast<size_t>(step.sources[i])] = sources[i];
    }
    bound = step.range(sources, gain);
    if (!(bound < kUnbounded)) return false;
  }
  if (step.target >= 0) (*bounds)[static_cast<size_t>(step.target)] = bound;
  return true;
}

sdk::Result<bool> Program::run(sdk::RunContext& run, const std::vector<sdk::MutableTensorView>& outputs,
                               const Packed& packed) const {
  TN_ASSIGN_OR_RETURN(char* const arena, run.scratch<char>(static_cast<size_t>(std::max<int64_t>(arena_bytes_, 1))));
  char* workers = nullptr;
  if (worker_bytes_ > 0) {
    TN_ASSIGN_OR_RETURN(workers, run.scratch<char>(worker_bytes_ * run.max_workers()));
  }
  Memory memory;
  for (const Buffer& buffer : buffers) {
    const auto index = static_cast<size_t>(buffer.index);
    const void* at = nullptr;
    switch (buffer.kind) {
      case Buffer::Kind::kInput: at = run.input(static_cast<uint32_t>(buffer.index)).raw(); break;
      case Buffer::Kind::kOutput: at = outputs[index].raw(); break;
      case Buffer::Kind::kPacked: at = packed.blobs[index]; break;
      case Buffer::Kind::kArena: at = arena + buffer.offset; break;
    }
    memory.buffers.push_back(static_cast<char*>(const_cast<void*>(at)));
  }
  std::vector<Bound> bounds(tensors.size(), kUnbounded);
  int64_t multiply_adds = 0;
  for (const StepPtr& step : steps) {
    if (run.cancelled()) return sdk::Status(TN_CANCELLED, "the run was cancelled");
    run.phase(step->name);
    TN_ASSIGN_OR_RETURN(const bool may, may_run(run, memory, *step, packed, &bounds));
    if (!may) return false;
    TN_RETURN_IF_ERROR(
        run.parallel_for(step->parts, step->part_ns, [&](uint32_t worker, int64_t begin, int64_t end) -> sdk::Status {
          return guarded(step->name, [&]() -> sdk::Status {
            Memory own = memory;
            own.worker = workers + worker_bytes_ * worker;
            for (int64_t part = begin; part < end; ++part) TN_RETURN_IF_ERROR(step->run(part, own));
            return {};
          });
        }));
    multiply_adds += step->multiply_adds;
  }
  if (multiply_adds > 0) run.count(TN_COUNT_FLOPS, 2 * static_cast<uint64_t>(multiply_adds));
  return true;
}

}  // namespace onednn
