#include "host/placement/placement.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>

#include "host/runtime/host_ops/host_operator.h"
#include "host/runtime/step_order.h"

namespace tenon::host {
namespace {

std::string label_of(const Node& node) {
  return node.domain.empty() ? node.op_type : node.domain + "." + node.op_type;
}

std::string name_of(const Node& node) {
  if (!node.name.empty()) return node.name;
  for (const Value* value : node.outputs)
    if (value != nullptr) return value->name;
  return {};
}

std::string joined(const std::vector<std::string>& parts, const char* separator) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : separator) + part;
  return text;
}

// Never offered to a provider: what the host runs, and what nobody can but it.
bool is_for_host(const Node& node) {
  return find_host_operator(node) != nullptr || has_subgraph(node);
}

// Which nodes are taken by whom, and why not by others; of all graphs of the model.
struct Takings {
  std::map<const Node*, std::string> taken;   // provider
  std::map<const Node*, std::string> labels;  // kernel
  std::map<const Node*, std::vector<std::string>> refusals;
  std::set<const Node*> views;  // whose outputs are views of their inputs
  // Nodes that nobody takes only because they read results of such nodes, whose types are therefore unknown: the first
  // of these.
  std::map<const Node*, const Node*> waiting;
  std::vector<std::string> notes;

  void take(const Step& step) {
    if (!step.is_group && !step.is_host() && makes_view(*step.nodes.front())) views.insert(step.nodes.front());
    for (const Node* node : step.nodes) {
      taken[node] = step.provider;
      labels[node] = step.label;
    }
  }
};

/// Places the nodes of one graph, and of the subgraphs below it.
class GraphPlacer {
 public:
  GraphPlacer(const Graph& graph, const ProviderList& providers, Takings& takings)
      : graph_(graph), providers_(providers), takings_(takings) {}

  Result<std::vector<Step>> place() {
    for (const auto& node : graph_.nodes())
      if (is_for_host(*node)) TENON_RETURN_IF_ERROR(take_for_host(*node));
    for (const auto& provider : providers_) {
      if (all_taken()) break;  // nor is its library loaded
      std::map<const Node*, std::string> refused;
      TENON_RETURN_IF_ERROR(take_groups(*provider, &refused));
      TENON_RETURN_IF_ERROR(take_nodes(*provider, refused));
    }
    TENON_RETURN_IF_ERROR(sort_steps(graph_, &steps_));
    return std::move(steps_);
  }

 private:
  // Places the subgraphs of a node that the host cannot run, too: their nodes are reported.
  Status take_for_host(const Node& node) {
    const Status status = check_host_node(node);
    if (!status.is_ok() && status.code() != TN_UNSUPPORTED) return status.with_context(describe(node));
    Step step = host_step(node);
    for (Program& body : step.bodies) {
      TENON_ASSIGN_OR_RETURN(body.steps, GraphPlacer(*body.graph, providers_, takings_).place());
    }
    if (status.is_ok()) {
      add(std::move(step));
    } else {
      takings_.refusals[&node].push_back(status.message());
    }
    return {};
  }

  bool all_taken() const {
    return std::all_of(graph_.nodes().begin(), graph_.nodes().end(),
                       [&](const auto& node) { return takings_.taken.contains(node.get()) || is_for_host(*node); });
  }

  Status take_groups(Provider& provider, std::map<const Node*, std::string>* refused) {
    auto claimed = provider.claim(graph_, takings_.taken);
    if (!claimed.is_ok()) return claimed.status();
    *refused = std::move(claimed->refusals);
    const bool all_can_follow = can_follow(claimed->groups);
    for (ClaimedGroup& group : claimed->groups) {
      if (!all_can_follow && !can_follow({&group, 1})) {
        takings_.notes.push_back(concat("the group '", group.label, "' at ", describe(*group.nodes.front()),
                                        " was left as single nodes: it and another group would wait for each other"));
        continue;
      }
      auto kernel = provider.compile(group);
      if (!kernel.is_ok() && kernel.status().code() == TN_UNSUPPORTED) {
        takings_.notes.push_back(
            concat(provider.name(), " gave up the group '", group.label, "': ", kernel.status().message()));
        continue;
      }
      if (!kernel.is_ok())
        return kernel.status().with_context(
            concat("provider ", provider.name(), ", group '", group.label, "' at ", describe(*group.nodes.front())));
      Step step;
      step.kernel = std::move(*kernel);
      step.nodes.assign(group.nodes.begin(), group.nodes.end());
      step.is_group = true;
      step.provider = provider.name();
      step.label = group.label;
      step.tag = group.tag;
      step.input_values = std::move(group.inputs);
      step.output_values = std::move(group.outputs);
      add(std::move(step));
    }
    return {};
  }

  // Groups that are each free of cycles may still wait for one another. Keeps the groups when they do not.
  bool can_follow(std::span<const ClaimedGroup> groups) {
    const size_t before = groups_.size();
    for (const ClaimedGroup& group : groups) groups_.push_back({group.nodes.begin(), group.nodes.end()});
    if (groups.empty() || can_be_ordered(graph_, groups_)) return true;
    groups_.resize(before);
    return false;
  }

  Status take_nodes(Provider& provider, const std::map<const Node*, std::string>& refused) {
    for (const auto& owned : graph_.nodes()) {
      Node& node = *owned;
      if (takings_.taken.count(&node) != 0 || is_for_host(node)) continue;
      if (const auto it = refused.find(&node); it != refused.end()) {
        refuse(node, provider, it->second);
        continue;
      }
      auto kernel = provider.create_kernel(node);
      if (!kernel.is_ok() && kernel.status().code() == TN_UNSUPPORTED) {
        refuse(node, provider, kernel.status().message());
        continue;
      }
      if (!kernel.is_ok()) return kernel.status().with_context(describe(node));
      Step step;
      step.kernel = std::move(*kernel);
      step.nodes = {&node};
      step.provider = provider.name();
      step.label = label_of(node);
      step.input_values = node.inputs;
      step.output_values = node.outputs;
      add(std::move(step));
    }
    return {};
  }

  void add(Step step) {
    takings_.take(step);
    steps_.push_back(std::move(step));
  }

  void refuse(const Node& node, const Provider& provider, const std::string& reason) {
    // The provider's own errors name it already.
    const std::string prefix = "provider '" + provider.name() + "': ";
    takings_.refusals[&node].push_back(provider.name() + ": " +
                                       (reason.starts_with(prefix) ? reason.substr(prefix.size()) : reason));
  }

  const Graph& graph_;
  const ProviderList& providers_;
  Takings& takings_;
  std::vector<Step> steps_;
  std::vector<std::vector<const Node*>> groups_;
};

// Fills Takings::waiting. A node's producers come before it, those of outer graphs too.
void find_waiting(const Graph& graph, const ProviderList& providers, Takings& takings) {
  const auto is_known = [&](const Node& node) {
    return std::any_of(providers.begin(), providers.end(), [&](const auto& p) { return p->has_operator(node); });
  };
  for_each_node(graph, [&](const Node& node, const std::string&) {
    if (takings.taken.count(&node) != 0 || is_for_host(node) || !is_known(node)) return;
    for (const Value* value : node.inputs) {
      if (value == nullptr || value->type.dtype != TN_UNDEFINED || value->producer == nullptr) continue;
      if (takings.taken.count(value->producer) == 0) takings.waiting.emplace(&node, value->producer);
    }
  });
}

Status why_missing(const Node& first, const std::map<std::string, size_t>& missing, const ProviderList& providers,
                   const Takings& takings) {
  const auto it = takings.refusals.find(&first);
  const std::string reasons =
      it == takings.refusals.end() ? std::string("no provider was asked for") : joined(it->second, "; ");
  if (is_for_host(first)) return error(TN_NO_KERNEL, describe(first), ": ", reasons);
  std::vector<std::string> names, operators;
  for (const auto& provider : providers) names.push_back(provider->name());
  for (const auto& [label, count] : missing) operators.push_back(concat(label, " x", count));
  std::string mend = "Install a provider that has these operators and add it to the list of providers";
  const Result<std::vector<ProviderSpec>> defaults = parse_provider_list(kDefaultProviders);
  for (const ProviderSpec& spec : *defaults)
    if (std::find(names.begin(), names.end(), spec.name) == names.end())
      mend = concat("Add ", spec.name, " to the list of providers, or a provider that has these operators");
  const char* other = provider_on_demand(first.domain, first.op_type);
  if (other != nullptr && std::find(names.begin(), names.end(), other) == names.end())
    mend = concat("Add ", other, " to the list of providers, or a provider that has these operators");
  const size_t waiting = takings.waiting.size();
  const std::string rest =
      waiting == 0 ? std::string() : concat(" (", waiting, " more wait for the types that these compute)");
  return error(TN_NO_KERNEL, describe(first), ": no provider takes it (", reasons,
               "). Nodes without a provider: ", joined(operators, ", "), rest, ". ", mend,
               "; asked were: ", joined(names, ", "));
}

// All nodes without a provider, the first one in full.
void find_missing(const Graph& graph, const ProviderList& providers, const Takings& takings, Placement* placement) {
  const Node* first = nullptr;
  std::map<std::string, size_t> missing;
  for_each_node(graph, [&](const Node& node, const std::string&) {
    if (takings.taken.count(&node) != 0 || takings.waiting.count(&node) != 0) return;
    if (first == nullptr) first = &node;
    ++missing[label_of(node)];
    placement->missing.insert(&node);
  });
  if (first != nullptr) placement->why_missing = why_missing(*first, missing, providers, takings);
}

NodePlacement decision(const Node& node, const std::string& within, const Takings& takings) {
  NodePlacement d = placement_of(node, within);
  std::vector<std::string> reasons;
  if (const auto it = takings.refusals.find(&node); it != takings.refusals.end()) reasons = it->second;
  if (const auto it = takings.taken.find(&node); it != takings.taken.end()) {
    d.provider = it->second;
    d.kernel = takings.labels.at(&node);
    reasons.push_back(is_for_host(node) ? "an operator of the host's own"
                      : reasons.empty() ? "first in the order"
                                        : "next in the order: " + d.provider);
    if (takings.views.contains(&node)) reasons.push_back("its output is a view of its input");
  } else if (const auto waiting = takings.waiting.find(&node); waiting != takings.waiting.end()) {
    reasons = {"it waits for the types that " + describe(*waiting->second) + " computes, which no provider takes"};
  } else {
    reasons.push_back("no provider takes it");
  }
  d.reason = joined(reasons, "; ");
  return d;
}

void visit_nodes(const Graph& graph, const std::string& within,
                 const std::function<void(const Node&, const std::string&)>& visit) {
  for (const auto& node : graph.nodes()) {
    visit(*node, within);
    for (const Attribute& a : node->attributes) {
      const std::string inner = within + name_of(*node) + "." + a.name + "/";
      if (const auto* one = std::get_if<std::shared_ptr<Graph>>(&a.payload)) {
        if (*one != nullptr) visit_nodes(**one, inner, visit);
      } else if (const auto* many = std::get_if<std::vector<std::shared_ptr<Graph>>>(&a.payload)) {
        for (const auto& each : *many)
          if (each != nullptr) visit_nodes(*each, inner, visit);
      }
    }
  }
}

}  // namespace

void for_each_node(const Graph& graph, const std::function<void(const Node&, const std::string&)>& visit) {
  visit_nodes(graph, "", visit);
}

NodePlacement placement_of(const Node& node, const std::string& within) {
  NodePlacement placement;
  placement.node = within + name_of(node);
  placement.op_type = node.op_type;
  placement.domain = node.domain;
  placement.opset = node.since_version;
  return placement;
}

Step host_step(const Node& node) {
  Step step;
  step.host_operator = find_host_operator(node);
  step.nodes = {&node};
  step.provider = kHostName;
  step.label = label_of(node);
  step.input_values = node.inputs;
  for (Value* value : node.implicit_inputs)
    if (!value->is_constant()) step.input_values.push_back(value);
  step.output_values = node.outputs;
  for (const Graph* graph : host_bodies(node)) step.bodies.emplace_back().graph = graph;
  return step;
}

std::shared_ptr<RegionSource> shared_memory(const ProviderList& providers) {
  for (const auto& provider : providers)
    if (auto source = provider->shared_memory(); source != nullptr) return source;
  return nullptr;
}

Result<Placement> place_nodes(const Model& model, const ProviderList& providers) {
  Takings takings;
  Placement placement;
  TENON_ASSIGN_OR_RETURN(placement.steps, GraphPlacer(*model.graph, providers, takings).place());
  find_waiting(*model.graph, providers, takings);
  find_missing(*model.graph, providers, takings, &placement);
  for_each_node(*model.graph, [&](const Node& node, const std::string& within) {
    placement.decisions.push_back(decision(node, within, takings));
  });
  placement.notes = std::move(takings.notes);
  return placement;
}

}  // namespace tenon::host
