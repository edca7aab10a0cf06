// A step of a program: work that is cut into parts by its shapes alone, so that results do not hang on the number of
// workers. Steps are immutable; parts of one step run at once, each with a worker's memory of its own.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "onednn.h"

namespace onednn {

/// Bytes within a buffer of the program.
struct Place {
  int buffer = 0;
  int64_t offset = 0;
};

/// Where the buffers lie in one run.
class Memory {
 public:
  std::vector<char*> buffers;
  char* worker = nullptr;  // of the part that runs

  template <typename T = void>
  T* at(Place place) const {
    return reinterpret_cast<T*>((place.buffer == kWorker ? worker : buffers[static_cast<size_t>(place.buffer)]) +
                                place.offset);
  }
  static constexpr int kWorker = -1;
};

/// The largest magnitude among a tensor's elements where that is known and all are numbers; infinity where it is not.
using Bound = double;
constexpr Bound kUnbounded = __builtin_inf();

/// What is known of the packed weight of a step: the largest sum of magnitudes that makes a channel, and the largest
/// magnitude of a bias.
struct Gain {
  float sum = 0, bias = 0;
};

/// How the bound of a result follows from those of the operands. kGain: by the weight of the first, the others added.
enum class Growth { kUnknown, kSame, kSum, kProduct, kGain, kOne };

class Step {
 public:
  virtual ~Step() = default;
  virtual sdk::Status run(int64_t part, const Memory& memory) const = 0;

  std::string_view name;  // a literal: a profile may read it when the program is gone
  int64_t parts = 1;
  double part_ns = 1e4;       // roughly
  int64_t multiply_adds = 0;  // of a convolution or a product, in all parts together
  size_t worker_bytes = 0;    // that a part may use at Memory::worker
  int slot = -1;              // of its packed weight

  /// The step would lose NaN, or make it of what is finite: it may run only where range() is below infinity.
  bool needs_range = false;
  Growth growth = Growth::kUnknown;
  double most = kUnbounded;  // a limit by a function behind
  double ceiling = 1e38;     // beyond it sums may overflow
  std::vector<int> sources;  // tensors whose bounds say something of the target's
  int target = -1;

  /// The target's bound for those of the sources. `gain` is of the weight, if it has one.
  Bound range(const std::vector<Bound>& sources, const Gain* gain) const;
};

using StepPtr = std::unique_ptr<Step>;

/// Rows of bytes that are moved before or after a primitive works on them.
struct Copy {
  Place from, to;
  int64_t rows = 0, row_bytes = 0, from_stride = 0, to_stride = 0;
  void run(const Memory& memory) const;
};

/// Calls of oneDNN's primitives, one a part.
class PrimitiveStep final : public Step {
 public:
  struct Operand {
    int name;  // DNNL_ARG_...
    Desc desc;
  };
  /// A primitive and the operands that it is called with; parts of other shape have another.
  struct Variant {
    dnnl::primitive primitive;
    std::vector<Operand> operands;
    int64_t scratch_bytes = 0;
  };
  struct Call {
    int variant = 0;
    std::vector<Place> places;  // of the variant's operands
    std::vector<Copy> before, after;
  };

  /// `scratchpad`: of the primitive, which is in user mode.
  int add_variant(dnnl::primitive primitive, std::vector<Operand> operands, const Desc& scratchpad);
  void add_call(Call call);
  /// Memory of the part's own behind the scratchpads of all variants, which are known by now. Aligned to 64 bytes.
  Place add_worker_bytes(int64_t bytes);

  sdk::Status run(int64_t part, const Memory& memory) const override;

 private:
  std::vector<Variant> variants_;
  std::vector<Call> calls_;
};

/// The provider's own loops, for what oneDNN lacks or answers otherwise than ONNX.
class LoopStep final : public Step {
 public:
  using Body = std::function<void(int64_t part, const Memory& memory)>;
  explicit LoopStep(Body body) : body_(std::move(body)) {}
  sdk::Status run(int64_t part, const Memory& memory) const override {
    body_(part, memory);
    return {};
  }

 private:
  Body body_;
};

}  // namespace onednn
