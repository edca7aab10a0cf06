#include "host/runtime/host_ops/host_operator.h"

#include <climits>

#include "host/runtime/host_ops/operators.h"

namespace tenon::host {
namespace {

constexpr int kNewest = INT_MAX;

using Values = HostOperator::Values;

constexpr bool kKeeps = true, kCopies = false;

// clang-format off
constexpr HostOperator kHostOperators[] = {
    {"", "ConcatFromSequence", 11, kNewest, {}, Values::kAll, kCopies, nullptr, run_concat_from_sequence},
    {"", "Identity", 1, kNewest, {}, Values::kNoTensors, kCopies, nullptr, run_identity},
    {"", "If", 1, kNewest, {"then_branch", "else_branch"}, Values::kAll, kCopies, check_if, run_if},
    {"", "Loop", 1, kNewest, {"body"}, Values::kAll, kCopies, check_loop, run_loop},
    {"", "Optional", 15, kNewest, {}, Values::kAll, kKeeps, nullptr, run_optional},
    {"", "OptionalGetElement", 15, kNewest, {}, Values::kAll, kKeeps, nullptr, run_optional_get_element},
    {"", "OptionalHasElement", 15, kNewest, {}, Values::kAll, kCopies, nullptr, run_optional_has_element},
    {"", "Scan", 8, kNewest, {"body"}, Values::kAll, kCopies, check_scan, run_scan},
    {"", "SequenceAt", 11, kNewest, {}, Values::kAll, kCopies, nullptr, run_sequence_at},
    {"", "SequenceConstruct", 11, kNewest, {}, Values::kAll, kKeeps, nullptr, run_sequence_construct},
    {"", "SequenceEmpty", 11, kNewest, {}, Values::kAll, kCopies, nullptr, run_sequence_empty},
    {"", "SequenceErase", 11, kNewest, {}, Values::kAll, kCopies, nullptr, run_sequence_erase},
    {"", "SequenceInsert", 11, kNewest, {}, Values::kAll, kKeeps, nullptr, run_sequence_insert},
    {"", "SequenceLength", 11, kNewest, {}, Values::kAll, kCopies, nullptr, run_sequence_length},
    {"", "SequenceMap", 17, kNewest, {"body"}, Values::kAll, kCopies, check_sequence_map, run_sequence_map},
    {"", "SplitToSequence", 11, kNewest, {}, Values::kAll, kKeeps, nullptr, run_split_to_sequence},
    {"ai.onnx.ml", "CastMap", 1, kNewest, {}, Values::kAll, kCopies, check_cast_map, run_cast_map},
    {"ai.onnx.ml", "DictVectorizer", 1, kNewest, {}, Values::kAll, kCopies, check_dict_vectorizer, run_dict_vectorizer},
    {"ai.onnx.ml", "ZipMap", 1, kNewest, {}, Values::kAll, kKeeps, check_zip_map, run_zip_map},
};
// clang-format on

bool reads_tensor(const Node& node) {
  return node.inputs.empty() || node.inputs[0] == nullptr || node.inputs[0]->type.kind == ValueType::Kind::kTensor;
}

Graph* graph_attribute(const Node& node, std::string_view name) {
  const Attribute* attribute = node.find_attribute(name);
  const auto* graph = attribute == nullptr ? nullptr : std::get_if<std::shared_ptr<Graph>>(&attribute->payload);
  return graph == nullptr ? nullptr : graph->get();
}

}  // namespace

std::span<const HostOperator> host_operators() {
  return kHostOperators;
}

const HostOperator* find_host_operator(const Node& node) {
  for (const HostOperator& op : kHostOperators)
    if (op.op_type == node.op_type && op.domain == node.domain && node.since_version >= op.first_version &&
        node.since_version <= op.last_version && (op.values == Values::kAll || !reads_tensor(node)))
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
                 "it has subgraphs, and of such nodes the host runs If, Loop, Scan and SequenceMap as ONNX has "
                 "them: export the model without it");
  return op->check != nullptr ? op->check(node) : Status();
}

}  // namespace tenon::host
