#include "host/session/placement.h"

#include <algorithm>
#include <map>
#include <span>

#include "host/session/step_order.h"

namespace tenon::host {
namespace {

constexpr const char* kControlFlowReason =
    "control flow (a node with subgraphs) is the host's own and is not implemented: export the model without it";

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

class Placer {
 public:
  Placer(const Model& model, const ProviderList& providers) : graph_(*model.graph), providers_(providers) {}

  Result<Placement> place(bool require_all) {
    for (const auto& node : graph_.nodes())
      if (has_subgraph(*node)) refusals_[node.get()].push_back(kControlFlowReason);
    for (const auto& provider : providers_) {
      std::map<const Node*, std::string> refused;
      TENON_RETURN_IF_ERROR(take_groups(*provider, &refused));
      TENON_RETURN_IF_ERROR(take_nodes(*provider, refused));
    }
    if (require_all) TENON_RETURN_IF_ERROR(check_all_taken());
    for (const auto& node : graph_.nodes()) placement_.decisions.push_back(decision(*node));
    TENON_RETURN_IF_ERROR(sort_steps(graph_, &placement_.steps));
    return std::move(placement_);
  }

 private:
  Status take_groups(Provider& provider, std::map<const Node*, std::string>* refused) {
    auto claimed = provider.claim(graph_, taken_);
    if (!claimed.is_ok()) return claimed.status();
    *refused = std::move(claimed->refusals);
    const bool all_can_follow = can_follow(claimed->groups);
    for (ClaimedGroup& group : claimed->groups) {
      if (!all_can_follow && !can_follow({&group, 1})) {
        placement_.notes.push_back(concat("the group '", group.label, "' at ", describe(*group.nodes.front()),
                                          " was left as single nodes: it and another group would wait for each other"));
        continue;
      }
      auto kernel = provider.compile(group);
      if (!kernel.is_ok() && kernel.status().code() == TN_UNSUPPORTED) {
        placement_.notes.push_back(
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
      if (taken_.count(&node) != 0 || has_subgraph(node)) continue;
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
    for (const Node* node : step.nodes) {
      taken_[node] = step.provider;
      labels_[node] = step.label;
    }
    placement_.steps.push_back(std::move(step));
  }

  void refuse(const Node& node, const Provider& provider, const std::string& reason) {
    // The provider's own errors name it already.
    const std::string prefix = "provider '" + provider.name() + "': ";
    refusals_[&node].push_back(provider.name() + ": " +
                               (reason.starts_with(prefix) ? reason.substr(prefix.size()) : reason));
  }

  // All nodes without a provider, the first one in full.
  Status check_all_taken() const {
    const Node* first = nullptr;
    std::map<std::string, size_t> missing;
    for (const auto& node : graph_.nodes()) {
      if (taken_.count(node.get()) != 0) continue;
      if (first == nullptr) first = node.get();
      ++missing[label_of(*node)];
    }
    if (first == nullptr) return {};
    std::vector<std::string> names, operators;
    for (const auto& provider : providers_) names.push_back(provider->name());
    for (const auto& [label, count] : missing) operators.push_back(concat(label, " x", count));
    const auto it = refusals_.find(first);
    std::string mend = "Install a provider that has these operators and add it to the list of providers";
    const Result<std::vector<ProviderSpec>> defaults = parse_provider_list(kDefaultProviders);
    for (const ProviderSpec& spec : *defaults)
      if (std::find(names.begin(), names.end(), spec.name) == names.end())
        mend = concat("Add ", spec.name, " to the list of providers, or a provider that has these operators");
    return error(TN_UNSUPPORTED, describe(*first), ": no provider takes it (",
                 it == refusals_.end() ? std::string("no provider was asked for") : joined(it->second, "; "),
                 "). Nodes without a provider: ", joined(operators, ", "), ". ", mend,
                 "; asked were: ", joined(names, ", "));
  }

  NodePlacement decision(const Node& node) const {
    NodePlacement d = placement_of(node);
    std::vector<std::string> reasons;
    if (const auto it = refusals_.find(&node); it != refusals_.end()) reasons = it->second;
    if (const auto it = taken_.find(&node); it != taken_.end()) {
      d.provider = it->second;
      d.kernel = labels_.at(&node);
      reasons.push_back(reasons.empty() ? "first in the order" : "next in the order: " + d.provider);
    } else {
      reasons.push_back("no provider takes it");
    }
    d.reason = joined(reasons, "; ");
    return d;
  }

  const Graph& graph_;
  const ProviderList& providers_;
  Placement placement_;
  std::vector<std::vector<const Node*>> groups_;
  std::map<const Node*, std::string> taken_;   // provider
  std::map<const Node*, std::string> labels_;  // kernel
  std::map<const Node*, std::vector<std::string>> refusals_;
};

}  // namespace

bool has_subgraph(const Node& node) {
  return std::any_of(node.attributes.begin(), node.attributes.end(), [](const Attribute& a) {
    return std::holds_alternative<std::shared_ptr<Graph>>(a.payload) ||
           std::holds_alternative<std::vector<std::shared_ptr<Graph>>>(a.payload);
  });
}

NodePlacement placement_of(const Node& node) {
  NodePlacement placement;
  placement.node = name_of(node);
  placement.op_type = node.op_type;
  placement.domain = node.domain;
  placement.opset = node.since_version;
  return placement;
}

Result<Placement> place_nodes(const Model& model, const ProviderList& providers, bool require_all) {
  return Placer(model, providers).place(require_all);
}

}  // namespace tenon::host
