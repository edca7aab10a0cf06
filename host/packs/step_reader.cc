#include "host/packs/step_reader.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "host/placement/prepack.h"
#include "host/plugins/claims.h"
#include "host/runtime/host_ops/host_operator.h"
#include "host/runtime/step_order.h"

namespace tenon::host {
using plan_format::text_of;  // beside that of the ABI

namespace {

namespace fbs = plan_format;
using plan_format::misfit;
using plan_format::size_of;

const fbs::Packed* packed_of(const fbs::Step& step, uint32_t slot) {
  const fbs::Packed* found = nullptr;
  for (uint32_t p = 0; p < size_of(step.packed()); ++p)
    if (step.packed()->Get(p)->slot() == slot) found = step.packed()->Get(p);
  return found;
}

bool is_packed(const fbs::Step& step, uint32_t input) {
  for (uint32_t p = 0; p < size_of(step.packed()); ++p) {
    const auto* inputs = step.packed()->Get(p)->inputs();
    for (uint32_t i = 0; i < size_of(inputs); ++i)
      if (inputs->Get(i) == input) return true;
  }
  return false;
}

// Before a kernel is made: it may look at constants that it does not pack.
Status check_left_out(const fbs::Step& step, const std::vector<Value*>& inputs) {
  for (uint32_t i = 0; i < inputs.size(); ++i)
    if (is_left_out(inputs[i]) && !is_packed(step, i)) return misfit("a step reads a constant that is left out");
  return {};
}

// A plan that breaks a rule which our own code keeps is damaged or made by hand.
Status broken_by_plan(const Status& status) {
  return status.code() == TN_INTERNAL ? misfit(status.message()) : status;
}

class StepReader {
 public:
  StepReader(const fbs::Plan& plan, const PackFile& pack, const ProviderList& providers)
      : plan_(plan), pack_(pack), providers_(providers) {}

  Result<std::vector<Step>> run(const Graph& root) {
    for_each_node(root, [this](const Node& node, const std::string&) { nodes_.push_back(&node); });
    for (size_t s = 0; s < size_of(plan_.steps()); ++s) {
      Written written{plan_.steps()->Get(static_cast<uint32_t>(s)), {}};
      TENON_ASSIGN_OR_RETURN(written.nodes, nodes_of(*written.step));
      steps_of_[written.nodes.front()->graph].push_back(std::move(written));
    }
    return steps_of(root);
  }

 private:
  struct Written {
    const fbs::Step* step;
    std::vector<const Node*> nodes;  // of one graph
  };

  Result<std::vector<const Node*>> nodes_of(const fbs::Step& step) const {
    std::vector<const Node*> nodes;
    for (size_t n = 0; n < size_of(step.nodes()); ++n) {
      const uint32_t node = step.nodes()->Get(static_cast<uint32_t>(n));
      if (node >= nodes_.size()) return misfit("a step has a node that the model lacks");
      nodes.push_back(nodes_[node]);
      if (nodes.back()->graph != nodes.front()->graph) return misfit("a step has nodes of several graphs");
    }
    if (nodes.empty()) return misfit("a step has no nodes");
    return nodes;
  }

  // The interface of each group, and that it can be one kernel, by the rules that held when it was claimed.
  Result<std::vector<ClaimedGroup>> groups_of(const Graph& graph) {
    const std::map<const Node*, std::string> taken;  // must outlive the claims
    tn_claims claims(graph, taken, true);
    for (const Written& written : steps_of_[&graph])
      if (written.step->is_group())
        TENON_RETURN_IF_ERROR(
            broken_by_plan(claims.claim_group(written.nodes, text_of(written.step->label()), written.step->tag())));
    return claims.take().groups;
  }

  Result<std::vector<Step>> steps_of(const Graph& graph) {
    TENON_ASSIGN_OR_RETURN(std::vector<ClaimedGroup> groups, groups_of(graph));
    std::vector<Step> steps;
    std::unordered_set<const Node*> covered;
    size_t next_group = 0, nodes = 0;
    for (const Written& written : steps_of_[&graph]) {
      ClaimedGroup* group = written.step->is_group() ? &groups[next_group++] : nullptr;
      TENON_ASSIGN_OR_RETURN(Step step, make_step(written, group));
      covered.insert(step.nodes.begin(), step.nodes.end());
      nodes += step.nodes.size();
      steps.push_back(std::move(step));
    }
    if (nodes != graph.nodes().size() || covered.size() != nodes) return misfit("its steps are not its nodes");
    TENON_RETURN_IF_ERROR(broken_by_plan(sort_steps(graph, &steps)));
    return steps;
  }

  Result<Step> make_step(const Written& written, ClaimedGroup* group) {
    if (written.step->provider() == providers_.size()) return make_host_step(written);
    if (written.step->provider() > providers_.size()) return misfit("a step has no provider");
    Provider& provider = *providers_[written.step->provider()];
    Step step;
    step.provider = provider.name();
    step.label = text_of(written.step->label());
    step.tag = written.step->tag();
    step.is_group = written.step->is_group();
    step.nodes = written.nodes;
    Status status = check_left_out(*written.step, group != nullptr ? group->inputs : step.nodes.front()->inputs);
    if (status.is_ok()) status = make_kernel(group, provider, &step);
    if (status.is_ok()) status = bind_packs(*written.step, &step);
    if (!status.is_ok()) return status.with_context(describe(step));
    return step;
  }

  Result<Step> make_host_step(const Written& written) {
    const Node& node = *written.nodes.front();
    if (written.step->is_group() || written.nodes.size() != 1 || find_host_operator(node) == nullptr)
      return misfit("a step of the host is no operator of its own");
    if (const Status status = check_host_node(node); !status.is_ok()) return status.with_context(describe(node));
    if (std::any_of(node.inputs.begin(), node.inputs.end(), is_left_out))
      return misfit("the host reads a constant that is left out");
    Step step = host_step(node);
    for (Program& body : step.bodies) {
      TENON_ASSIGN_OR_RETURN(body.steps, steps_of(*body.graph));
    }
    return step;
  }

  Status make_kernel(ClaimedGroup* group, Provider& provider, Step* step) const {
    if (group != nullptr) {
      TENON_ASSIGN_OR_RETURN(step->kernel, provider.compile(*group));
      step->input_values = std::move(group->inputs);
      step->output_values = std::move(group->outputs);
      return {};
    }
    const Node& node = *step->nodes.front();
    if (step->nodes.size() != 1 || has_subgraph(node) || find_host_operator(node) != nullptr)
      return misfit("a step cannot be one kernel");
    TENON_ASSIGN_OR_RETURN(step->kernel, provider.create_kernel(node));
    step->input_values = node.inputs;
    step->output_values = node.outputs;
    return {};
  }

  Status bind_packs(const fbs::Step& written, Step* step) const {
    size_t bound = 0;
    TENON_ASSIGN_OR_RETURN(const uint32_t slots, step->kernel.pack_count());
    for (uint32_t slot = 0; slot < slots; ++slot) {
      TENON_ASSIGN_OR_RETURN(const tn_pack_plan asked, step->kernel.pack_plan(slot));
      if (asked.byte_length == 0) continue;
      TENON_RETURN_IF_ERROR(check_pack_inputs(*step, slot, asked));
      // What is left out is in some slot, as check_left_out() has seen; no slot may need it for itself.
      if (asked.sources_needed && std::any_of(asked.inputs, asked.inputs + asked.input_count,
                                              [&](uint32_t i) { return is_left_out(step->input_values[i]); }))
        return error(TN_UNSUPPORTED, "a kernel asks for a weight that was only kept packed");
      TENON_ASSIGN_OR_RETURN(const auto blob, packed_blob(written, slot, asked));
      TENON_RETURN_IF_ERROR(bind_pack(*step, slot, blob, {asked.inputs, asked.input_count}, asked.sources_needed));
      ++bound;
    }
    return bound == size_of(written.packed()) ? Status()
                                              : error(TN_UNSUPPORTED, "its kernels do not pack what was packed");
  }

  Result<std::span<const std::byte>> packed_blob(const fbs::Step& written, uint32_t slot,
                                                 const tn_pack_plan& asked) const {
    const fbs::Packed* found = packed_of(written, slot);
    const std::string_view key(asked.key.data, asked.key.size);
    if (found == nullptr || found->key() == nullptr || found->key()->string_view() != key || !has_inputs(*found, asked))
      return error(TN_UNSUPPORTED, "its packed weights are '", found == nullptr ? "missing" : text_of(found->key()),
                   "', and the kernel asks for '", key, "'");
    if (found->blob() >= pack_.blob_count()) return misfit("a packed weight lies in no blob");
    const auto blob = pack_.blob(found->blob());
    if ((blob.size() != asked.byte_length && asked.byte_length != TN_LENGTH_UNKNOWN) ||
        reinterpret_cast<uintptr_t>(blob.data()) % asked.alignment != 0)
      return misfit("a packed weight has another size or alignment than its kernel asks for");
    return blob;
  }

  static bool has_inputs(const fbs::Packed& packed, const tn_pack_plan& asked) {
    const auto* inputs = packed.inputs();
    return size_of(inputs) == asked.input_count &&
           (asked.input_count == 0 || std::equal(inputs->begin(), inputs->end(), asked.inputs));
  }

  const fbs::Plan& plan_;
  const PackFile& pack_;
  const ProviderList& providers_;
  std::vector<const Node*> nodes_;  // of all graphs, as the plan counts them
  std::unordered_map<const Graph*, std::vector<Written>> steps_of_;
};

}  // namespace

Result<std::vector<Step>> read_steps(const plan_format::Plan& plan, const PackFile& pack, const Graph& graph,
                                     const ProviderList& providers) {
  return StepReader(plan, pack, providers).run(graph);
}

}  // namespace tenon::host
