#include "host/runtime/program.h"

#include <algorithm>
#include <unordered_map>

#include "host/graph/view_rules.h"
#include "host/runtime/host_ops/host_operator.h"

namespace tenon::host {
namespace {

class Builder {
 public:
  Builder(const Graph& graph, Program* program) : graph_(graph), program_(program) {}

  uint32_t slot_of(const Value* value) {
    if (value == nullptr) return kNoSlot;
    const auto [it, is_new] = slots_.try_emplace(value, static_cast<uint32_t>(program_->slots.size()));
    if (is_new) {
      Slot slot;
      slot.value = value;
      const bool is_computed = value->producer != nullptr && value->graph == &graph_;
      slot.source = value->is_constant() ? Slot::Source::kConstant
                    : is_computed        ? Slot::Source::kStep
                                         : Slot::Source::kInput;
      program_->slots.push_back(slot);
    }
    return it->second;
  }

  void keep(uint32_t slot) {
    program_->slots[slot].is_kept = true;
    program_->slots[program_->root_of(slot)].is_kept = true;
  }

 private:
  const Graph& graph_;
  Program* program_;
  std::unordered_map<const Value*, uint32_t> slots_;
};

void build_bodies(Step& step, Builder& builder) {
  for (Program& body : step.bodies) {
    body = build_program(*body.graph, std::move(body.steps));
    for (uint32_t i = 0; i < body.slots.size(); ++i)
      if (const Slot& slot = body.slots[i]; slot.source == Slot::Source::kInput && slot.value->graph != body.graph) {
        body.captures.push_back({builder.slot_of(slot.value), i});
        if (slot.is_kept) builder.keep(body.captures.back().outer);
      }
  }
}

template <typename Steps, typename Pointer>
void collect(Steps& steps, std::vector<Pointer>& tree) {
  for (auto& step : steps) {
    tree.push_back(&step);
    for (auto& body : step.bodies) collect(body.steps, tree);
  }
}

}  // namespace

std::vector<Step*> step_tree(std::vector<Step>& steps) {
  std::vector<Step*> tree;
  collect(steps, tree);
  return tree;
}

std::vector<const Step*> step_tree(const std::vector<Step>& steps) {
  std::vector<const Step*> tree;
  collect(steps, tree);
  return tree;
}

std::string describe(const Step& step) {
  if (step.nodes.size() == 1) return describe(*step.nodes.front());
  return concat("group '", step.label, "' of ", step.nodes.size(), " nodes beginning at ",
                describe(*step.nodes.front()));
}

bool makes_view(const Node& node) {
  if (!is_whole_view(node)) return false;
  const std::vector<Value*>& handed_out = node.graph->outputs;
  if (std::find(handed_out.begin(), handed_out.end(), node.outputs[0]) == handed_out.end()) return true;
  const Value& input = *node.inputs[0];
  return input.graph == node.graph && input.producer != nullptr && !input.is_constant() && input.use_count() == 1 &&
         find_host_operator(*input.producer) == nullptr && !is_whole_view(*input.producer);
}

Program build_program(const Graph& graph, std::vector<Step> steps) {
  Program program;
  program.graph = &graph;
  program.steps = std::move(steps);
  Builder builder(graph, &program);
  for (const Value* value : graph.inputs) program.inputs.push_back(builder.slot_of(value));
  for (const Value* value : graph.outputs) {
    program.outputs.push_back(builder.slot_of(value));
    program.slots[program.outputs.back()].is_output = true;
  }
  for (uint32_t s = 0; s < program.steps.size(); ++s) {
    Step& step = program.steps[s];
    for (const Value* value : step.input_values) {
      step.inputs.push_back(builder.slot_of(value));
      if (value != nullptr) program.slots[step.inputs.back()].last_step = s;
    }
    for (const Value* value : step.output_values) {
      step.outputs.push_back(builder.slot_of(value));
      if (value == nullptr) continue;
      Slot& slot = program.slots[step.outputs.back()];
      slot.first_step = slot.last_step = s;
      slot.by_host = step.is_host();
    }
    build_bodies(step, builder);
    if (step.is_host() && step.host_operator->keeps_inputs)
      for (const uint32_t input : step.inputs)
        if (input != kNoSlot) builder.keep(input);
    step.is_view = !step.is_group && !step.is_host() && makes_view(*step.nodes.front());
    if (!step.is_view) continue;
    Slot& view = program.slots[step.outputs[0]];
    view.view_of = program.root_of(step.inputs[0]);
    if (view.is_output) program.slots[view.view_of].is_handed_out = true;
  }
  for (const Slot& slot : program.slots)
    if (slot.view_of != kNoSlot) {
      uint32_t& last = program.slots[slot.view_of].last_step;
      last = std::max(last, slot.last_step);
    }
  for (uint32_t i = 0; i < program.slots.size(); ++i) {
    const Slot& slot = program.slots[i];
    if (slot.source == Slot::Source::kStep && !slot.is_output && !slot.is_handed_out && slot.last_step != kNoStep)
      program.steps[slot.last_step].last_reads.push_back(i);
  }
  return program;
}

}  // namespace tenon::host
