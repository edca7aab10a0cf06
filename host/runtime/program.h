// What a session runs: steps in execution order, and the slots that hold the values between them; likewise for each
// subgraph that the host runs. Immutable once built, so any number of runs share it.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "host/graph/graph.h"
#include "host/plugins/provider.h"

namespace tenon::host {

constexpr uint32_t kNoSlot = UINT32_MAX;
constexpr uint32_t kNoStep = UINT32_MAX;

/// What reports call the host when it runs a node itself.
inline constexpr const char* kHostName = "host";

/// One value of the model, of whatever kind. Values of the graphs around a subgraph are kInput there, unless they are
/// constant.
struct Slot {
  enum class Source { kInput, kConstant, kStep };
  const Value* value = nullptr;
  Source source = Source::kStep;
  bool is_output = false;
  uint32_t first_step = kNoStep;  // computes it
  uint32_t last_step = kNoStep;   // the last to read it, or first_step; kNoStep when no step touches it
  bool by_host = false;           // an operator of the host computes it, into memory of its own
  uint32_t view_of = kNoSlot;     // whose memory it looks at, which lives as long: a slot that is no view itself
  bool is_handed_out = false;     // a view of it is an output
  bool is_kept = false;           // what an operator of the host makes of it may share its memory, and outlive it

  /// Whether a memory plan may place it: computed by a kernel into memory of its own, of fixed element size, and not
  /// handed out with the results or kept by other values.
  bool in_arena() const {
    return source == Source::kStep && !is_output && !is_handed_out && !by_host && !is_kept && view_of == kNoSlot &&
           value->type.dtype != TN_STRING;
  }
};

struct HostOperator;
struct Program;

/// What runs as one: a kernel of a provider, or an operator of the host; with what it reads and writes.
struct Step {
  Kernel kernel;                                // of a provider, unless the host runs the step
  const HostOperator* host_operator = nullptr;  // what the host runs
  std::vector<Program> bodies;                  // of the host's operator: as host_bodies() has its subgraphs
  std::vector<const Node*> nodes;
  bool is_group = false;  // the nodes were claimed and compiled together, even if it is only one
  bool is_view = false;   // output 0 is a view of input 0; the kernel runs only where the host cannot tell its shape
  std::string provider;
  std::string label;
  uint64_t tag = 0;                  // of a group, the provider's own
  std::vector<Value*> input_values;  // nullptr: left out. Of the host: then what bodies read, if not constant
  std::vector<Value*> output_values;
  std::vector<uint32_t> inputs;  // slots; kNoSlot: left out
  std::vector<uint32_t> outputs;
  std::vector<uint32_t> last_reads;  // slots that no later step reads, outputs of the model excepted

  // Of the packed weights that the kernel is bound to; what it packs, and whether it reads that itself, too.
  std::vector<std::span<const std::byte>> packed;
  std::map<uint32_t, bool> packed_inputs;

  bool is_host() const { return host_operator != nullptr; }
  /// Whether runs read the input, and not only what was packed of it.
  bool reads(uint32_t input) const {
    const auto found = packed_inputs.find(input);
    return found == packed_inputs.end() || found->second;
  }
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

  /// The slot whose memory a slot looks at: itself, unless it is a view.
  uint32_t root_of(uint32_t slot) const { return slots[slot].view_of == kNoSlot ? slot : slots[slot].view_of; }
};

/// Whether the node, run by itself, makes its output a view of its input instead of a copy. A value that its graph
/// hands out is one only of what a kernel has made for it alone: results share no memory.
bool makes_view(const Node& node);

/// Gives every value of the placed steps a slot and finds its life; so too in the bodies, of which graph and steps are
/// given. `graph` must outlive the program.
Program build_program(const Graph& graph, std::vector<Step> steps);

/// The steps and those of their bodies at any depth, each before the ones in its bodies. Valid while `steps` stays.
std::vector<Step*> step_tree(std::vector<Step>& steps);
std::vector<const Step*> step_tree(const std::vector<Step>& steps);

}  // namespace tenon::host
