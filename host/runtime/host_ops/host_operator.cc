#include "host/runtime/host_ops/host_operator.h"

#include <climits>

#include "host/runtime/host_ops/operators.h"

namespace tenon::host {
namespace {

constexpr int kNewest = INT_MAX;

constexpr HostOperator kHostOperators[] = {
    {"", "If", 1, kNewest, {"then_branch", "else_branch"}, check_if, run_if},
    {"", "Loop", 1, kNewest, {"body"}, check_loop, run_loop},
    {"", "Scan", 8, kNewest, {"body"}, check_scan, run_scan},
};

Graph* graph_attribute(const Node& node, std::string_view name) {
  const Attribute* attribute = node.find_attribute(name);
  const auto* graph = attribute == nullptr ? nullptr : std::get_if<std::shared_ptr<Graph>>(&attribute->payload);
  return graph == nullptr ? nullptr : graph->get();
}

}  // namespace

const HostOperator* find_host_operator(const Node& node) {
  for (const HostOperator& op : kHostOperators)
    if (op.op_type == node.op_type && op.domain == node.domain && node.since_version >= op.first_version &&
        node.since_version <= op.last_version)
      return &op;
  return nullptr;
}

std::vector<Graph*> host_bodies(const Node& node) {
  std::vector<Graph*> bodies;
  const HostOperator* op = find_host_operator(node);
  if (op == nullptr) return bodies;
  for (const char* attribute : op->bodies)
    if (Graph* graph = attribute == nullptr ? nullptr : graph_attribute(node, attribute)) bodies.push_back(graph);
  return bodies;
}

Status check_host_node(const Node& node) {
  const HostOperator* op = find_host_operator(node);
  if (op == nullptr || host_bodies(node).size() != subgraphs(node).size())
    return error(TN_UNSUPPORTED,
                 "it has subgraphs, and of such nodes the host runs If, Loop and Scan as ONNX has them: export the "
                 "model without it");
  return op->check != nullptr ? op->check(node) : Status();
}

}  // namespace tenon::host
