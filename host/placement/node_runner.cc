#include "host/placement/node_runner.h"

#include "host/base/exceptions.h"
#include "host/placement/prepack.h"
#include "host/runtime/executor.h"

namespace tenon::host {
namespace {

Result<Step> make_step(const Node& node, const ProviderList& providers) {
  Status last = error(TN_UNSUPPORTED, "no provider was asked for");
  for (const auto& provider : providers) {
    auto kernel = provider->create_kernel(node, TN_FOR_FOLDING);
    if (!kernel.is_ok()) {
      if (kernel.status().code() != TN_UNSUPPORTED) return kernel.status();
      last = kernel.status();
      continue;
    }
    if (!kernel->is_deterministic())
      return error(TN_UNSUPPORTED, "its kernel on ", provider->name(), " is not deterministic");
    Step step;
    step.kernel = std::move(*kernel);
    step.nodes = {&node};
    step.provider = provider->name();
    step.label = node.op_type;
    step.input_values = node.inputs;
    step.output_values = node.outputs;
    return step;
  }
  return last;
}

// A program of this one step, whose outputs are all handed out.
Program one_step_program(Step step) {
  Program program;
  for (const Value* value : step.input_values) {
    step.inputs.push_back(value == nullptr ? kNoSlot : static_cast<uint32_t>(program.slots.size()));
    if (value != nullptr) program.slots.push_back({value, Slot::Source::kConstant, false, kNoStep, 0});
  }
  for (const Value* value : step.output_values) {
    step.outputs.push_back(value == nullptr ? kNoSlot : static_cast<uint32_t>(program.slots.size()));
    if (value != nullptr) program.slots.push_back({value, Slot::Source::kStep, true, 0, 0});
  }
  program.steps.push_back(std::move(step));
  return program;
}

Tensor as_computed(const Tensor& t) {
  return Tensor(t.dtype(), t.shape(), t.data(), t.byte_length(), t.owner(), Residence::kComputed,
                "computed from constants while the session opened");
}

Result<std::vector<Tensor>> run_node(const Node& node, const ProviderList& providers, unsigned threads,
                                     uint64_t memory_limit) {
  if (has_subgraph(node)) return error(TN_UNSUPPORTED, "it has a subgraph");
  TENON_ASSIGN_OR_RETURN(Step made, make_step(node, providers));
  std::vector<Step> steps;
  steps.push_back(std::move(made));
  const Graph no_graph;
  TENON_ASSIGN_OR_RETURN(const PrepackPlan plan, plan_prepack(steps, no_graph, memory_limit));
  TENON_ASSIGN_OR_RETURN(const PackedWeights packed, prepack(steps, plan, threads, Sources::kKept));
  const Program program = one_step_program(std::move(steps.front()));
  RunState state(program);
  Execution execution;
  execution.threads = threads;
  execution.memory_limit = memory_limit;
  TENON_RETURN_IF_ERROR(execute(program, execution, state));
  std::vector<Tensor> results;
  for (const uint32_t slot : program.steps.front().outputs)
    results.push_back(slot == kNoSlot ? Tensor() : as_computed(state.slot(slot).held.tensor()));
  return results;
}

}  // namespace

NodeRunner make_node_runner(const ProviderList& providers, unsigned threads, uint64_t memory_limit) {
  return [&providers, threads, memory_limit](const Node& node) {
    return run_node(node, providers, threads, memory_limit);
  };
}

ProviderRank make_provider_rank(const ProviderList& providers) {
  return [&providers](const Node& node) -> std::optional<size_t> {
    if (has_subgraph(node)) return std::nullopt;
    for (size_t i = 0; i < providers.size(); ++i) {
      const auto kernel = providers[i]->create_kernel(node, TN_FOR_ANSWER);
      throw_if_no_memory(kernel.status());
      if (kernel.is_ok()) return i;
    }
    return std::nullopt;
  };
}

}  // namespace tenon::host
