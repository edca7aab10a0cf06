// What a session runs: steps in execution order, and the slots that hold the values between them; likewise for each
// subgraph of a control-flow node. Immutable once built, so any number of runs share it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/graph/graph.h"
#include "host/plugins/provider.h"

namespace tenon::host {

constexpr uint32_t kNoSlot = UINT32_MAX;
constexpr uint32_t kNoStep = UINT32_MAX;

/// What reports call the host when it runs a node itself.
inline constexpr const char* kHostName = "host";

/// One value of the model. Only tensors so far; another kind of value gets another Source. Values of the graphs around
/// a subgraph are kInput there, unless they are constant.
struct Slot {
  enum class Source { kInput, kConstant, kStep };
  const Value* value = nullptr;
  Source source = Source::kStep;
  bool is_output = false;
  uint32_t first_step = kNoStep;  // computes it
  uint32_t last_step = kNoStep;   // the last to read it, or first_step; kNoStep when no step touches it
  bool by_control_flow = false;   // its memory comes from the run of a subgraph

  /// Whether a memory plan may place it: computed by a kernel, of fixed element size, and not handed out with the
  /// results.
  bool in_arena() const {
    return source == Source::kStep && !is_output && !by_control_flow && value->type.dtype != TN_STRING;
  }
};

struct Program;

/// One kernel, or a control-flow node that the host runs itself, with what it reads and writes.
struct Step {
  Kernel kernel;                // none: control flow
  std::vector<Program> bodies;  // of control flow: as control_flow_bodies() has its subgraphs
  std::vector<const Node*> nodes;
  bool is_group = false;  // the nodes were claimed and compiled together, even if it is only one
  std::string provider;
  std::string label;
  std::vector<Value*> input_values;  // nullptr: left out. Control flow: then what the bodies read, if not constant
  std::vector<Value*> output_values;
  std::vector<uint32_t> inputs;  // slots; kNoSlot: left out
  std::vector<uint32_t> outputs;
  std::vector<uint32_t> last_reads;  // slots that no later step reads, outputs of the model excepted

  bool is_control_flow() const { return !bodies.empty(); }
};

/// "node 'conv1' (Conv, opset 11)", or the group: for messages.
std::string describe(const Step& step);

struct Program {
  /// A value of the graph around this one: its slot there and here.
  struct Capture {
    uint32_t outer, slot;
  };
  const Graph* graph = nullptr;
  std::vector<Step> steps;
  std::vector<Slot> slots;
  std::vector<uint32_t> inputs;   // slots, in the order of the graph's inputs
  std::vector<uint32_t> outputs;  // likewise; may repeat
  std::vector<Capture> captures;
};

/// Gives every value of the placed steps a slot and finds its life; so too in the bodies, of which graph and steps are
/// given. `graph` must outlive the program.
Program build_program(const Graph& graph, std::vector<Step> steps);

/// The steps and those of their bodies at any depth, each before the ones in its bodies. Valid while `steps` stays.
std::vector<Step*> step_tree(std::vector<Step>& steps);
std::vector<const Step*> step_tree(const std::vector<Step>& steps);

}  // namespace tenon::host
