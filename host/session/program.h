// What a session runs: steps in execution order, and the slots that hold the values between them. Immutable once
// built, so any number of runs share it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/graph/graph.h"
#include "host/plugins/provider.h"

namespace tenon::host {

constexpr uint32_t kNoSlot = UINT32_MAX;
constexpr uint32_t kNoStep = UINT32_MAX;

/// One value of the model. Only tensors so far; another kind of value gets another Source.
struct Slot {
  enum class Source { kInput, kConstant, kStep };
  const Value* value = nullptr;
  Source source = Source::kStep;
  bool is_output = false;
  uint32_t first_step = kNoStep;  // computes it
  uint32_t last_step = kNoStep;   // the last to read it, or first_step; kNoStep when no step touches it

  /// Whether a memory plan may place it: computed, of fixed element size, and not handed out with the results.
  bool in_arena() const { return source == Source::kStep && !is_output && value->type.dtype != TN_STRING; }
};

/// One kernel with what it reads and writes.
struct Step {
  Kernel kernel;
  std::vector<const Node*> nodes;
  bool is_group = false;  // the nodes were claimed and compiled together, even if it is only one
  std::string provider;
  std::string label;
  std::vector<Value*> input_values;  // nullptr: left out
  std::vector<Value*> output_values;
  std::vector<uint32_t> inputs;  // slots; kNoSlot: left out
  std::vector<uint32_t> outputs;
  std::vector<uint32_t> last_reads;  // slots that no later step reads, outputs of the model excepted
};

/// "node 'conv1' (Conv, opset 11)", or the group: for messages.
std::string describe(const Step& step);

struct Program {
  std::vector<Step> steps;
  std::vector<Slot> slots;
  std::vector<uint32_t> inputs;   // slots, in the order of the graph's inputs
  std::vector<uint32_t> outputs;  // likewise; may repeat
};

/// Gives every value of the placed steps a slot and finds its life. `graph` must outlive the program.
Program build_program(const Graph& graph, std::vector<Step> steps);

}  // namespace tenon::host
