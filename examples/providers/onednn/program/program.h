// A group compiled for shapes: steps over buffers, with the memory between them laid out. Immutable once built; runs
// come from any number of threads.
#pragma once

#include "program/step.h"

namespace onednn {

/// A buffer of a program, by where its memory comes from.
struct Buffer {
  enum class Kind { kInput, kOutput, kPacked, kArena } kind = Kind::kArena;
  int index = 0;                      // of the input, output or packed slot
  int64_t bytes = 0;                  // of the arena
  int64_t offset = 0;                 // in the arena
  int first = kNever, last = kNever;  // steps that use it
  static constexpr int kNever = -1;
};

/// A tensor between steps.
struct Tensor {
  Desc desc;
  Place place;
};

/// The packed weights of a run.
struct Packed {
  std::vector<const char*> blobs;
  std::vector<Gain> gains;
};

class Program {
 public:
  std::vector<Buffer> buffers;
  std::vector<Tensor> tensors;
  std::vector<StepPtr> steps;
  std::vector<sdk::Shape> output_shapes;

  /// Gives each arena buffer its place; call once, when all steps are there.
  void lay_out();

  /// False: a step would lose NaN, or no bound shows that it does not. Nothing of the outputs counts then.
  sdk::Result<bool> run(sdk::RunContext& run, const std::vector<sdk::MutableTensorView>& outputs,
                        const Packed& packed) const;

 private:
  sdk::Result<Bound> scan(sdk::RunContext& run, const Memory& memory, int tensor) const;
  sdk::Result<bool> may_run(sdk::RunContext& run, const Memory& memory, const Step& step, const Packed& packed,
                            std::vector<Bound>* bounds) const;

  int64_t arena_bytes_ = 0;
  size_t worker_bytes_ = 0;
};

}  // namespace onednn
