// resolve_schemas(): binds every node to the schema of its operator and checks the node's form against it.
#include <algorithm>
#include <set>

#include "host/graph/graph.h"
#include "host/graph/operators/facts.h"
#include "host/graph/schema.h"

namespace tenon::host {
namespace {

constexpr int64_t kFirstIrVersionWithOpsets = 3;

const char* kind_name(AttributeKind kind) {
  switch (kind) {
    case AttributeKind::kInt: return "an int";
    case AttributeKind::kFloat: return "a float";
    case AttributeKind::kString: return "a string";
    case AttributeKind::kTensor: return "a tensor";
    case AttributeKind::kGraph: return "a graph";
    case AttributeKind::kInts: return "a list of ints";
    case AttributeKind::kFloats: return "a list of floats";
    case AttributeKind::kStrings: return "a list of strings";
    case AttributeKind::kTensors: return "a list of tensors";
    case AttributeKind::kGraphs: return "a list of graphs";
    case AttributeKind::kType: return "a type";
    case AttributeKind::kOther: return "of another kind";
  }
  return "unknown";
}

// Attribute::Payload lists its alternatives in the order of AttributeKind.
AttributeKind kind_of(const Attribute& attribute) {
  return static_cast<AttributeKind>(attribute.payload.index());
}
static_assert(std::variant_size_v<Attribute::Payload> == static_cast<size_t>(AttributeKind::kType) + 1);

size_t count_given(const std::vector<Value*>& values) {
  size_t count = values.size();
  while (count > 0 && values[count - 1] == nullptr) --count;
  return count;
}

std::string range_text(uint16_t low, uint16_t high) {
  if (low == high) return std::to_string(low);
  if (high == UINT16_MAX) return "at least " + std::to_string(low);
  return std::to_string(low) + " to " + std::to_string(high);
}

std::string signature_text(std::span<const FormalParameter> formals) {
  std::string text;
  for (const FormalParameter& p : formals) {
    text += (text.empty() ? "" : ", ") + std::string(p.name);
    if (p.arity == Arity::kOptional) text += " (optional)";
    if (p.arity == Arity::kVariadic) text += "...";
  }
  return text.empty() ? "none" : text;
}

Status check_arity(const Node& node, const char* what, const std::vector<Value*>& actual, uint16_t low, uint16_t high,
                   std::span<const FormalParameter> formals) {
  const size_t given = count_given(actual);
  if (actual.size() < low || given > high)
    return error(TN_INVALID_MODEL, describe(node), ": ", given, " ", what, "s, expected ", range_text(low, high), ": ",
                 signature_text(formals));
  for (size_t i = 0; i < formals.size(); ++i)
    if (formals[i].arity == Arity::kSingle && i < low && actual[i] == nullptr)
      return error(TN_INVALID_MODEL, describe(node), ": ", what, " ", formals[i].name,
                   " is left out, but it is required");
  return {};
}

// Only optional inputs may be left out by an empty name: kernels read each of a variadic list.
Status check_variadic_inputs(const Node& node) {
  const auto formals = node.schema->inputs;
  if (formals.empty() || formals.back().arity != Arity::kVariadic) return {};
  for (size_t i = formals.size() - 1; i < node.inputs.size(); ++i)
    if (node.inputs[i] == nullptr)
      return error(TN_INVALID_MODEL, describe(node), ": input ", i, " of the list '", formals.back().name,
                   "' has an empty name: only optional inputs may be left out; remove it or name a value");
  return {};
}

Status check_attributes(const Node& node) {
  const auto known = node.schema->attributes;
  std::set<std::string_view> seen;
  for (const Attribute& a : node.attributes) {
    if (!seen.insert(a.name).second)
      return error(TN_INVALID_MODEL, describe(node), ": attribute '", a.name, "' is given twice: keep one of them");
    const AttributeSchema* entry = find_attribute(*node.schema, a.name);
    if (entry == nullptr) {
      std::string names;
      for (const AttributeSchema& k : known) names += (names.empty() ? "" : ", ") + std::string(k.name);
      return error(TN_INVALID_MODEL, describe(node), ": no attribute '", a.name, "' in this opset; it has ",
                   names.empty() ? "none" : names, ": remove the attribute or import the opset that has it");
    }
    if (entry->kind != AttributeKind::kOther && entry->kind != kind_of(a))
      return error(TN_INVALID_MODEL, describe(node), ": attribute '", a.name, "' is ", kind_name(kind_of(a)),
                   ", expected ", kind_name(entry->kind));
  }
  if (facts_of(node).has(kConstant) && node.attributes.size() != 1)
    return error(TN_INVALID_MODEL, describe(node), ": ", node.attributes.size(),
                 " attributes, expected one, which is the value: remove the others");
  for (const AttributeSchema& k : known)
    if (k.required && !seen.contains(k.name))
      return error(TN_INVALID_MODEL, describe(node), ": attribute '", k.name, "' is missing; it is required, ",
                   kind_name(k.kind));
  return {};
}

// Names left out at the end, past all that the operator has, say nothing.
void drop_surplus(std::vector<Value*>& values, uint16_t most) {
  while (values.size() > most && values.back() == nullptr) values.pop_back();
}

Status check_node(Node& node) {
  const OpSchema& schema = *node.schema;
  drop_surplus(node.inputs, schema.max_inputs);
  drop_surplus(node.outputs, schema.max_outputs);
  if (schema.deprecated && !facts_of(schema).has(kWrittenThoughWithdrawn))
    return error(TN_INVALID_MODEL, describe(node), ": the operator was withdrawn in opset ", schema.since_version,
                 ": import an older opset or export the model with the operator that replaced it");
  TENON_RETURN_IF_ERROR(check_arity(node, "input", node.inputs, schema.min_inputs, schema.max_inputs, schema.inputs));
  TENON_RETURN_IF_ERROR(check_variadic_inputs(node));
  TENON_RETURN_IF_ERROR(
      check_arity(node, "output", node.outputs, schema.min_outputs, schema.max_outputs, schema.outputs));
  return check_attributes(node);
}

std::string_view domain_name(const Node& node) {
  return node.domain.empty() ? "ai.onnx" : std::string_view(node.domain);
}

Result<int64_t> imported_opset(const Model& model, const Node& node) {
  const auto found = model.opset_imports.find(node.domain);
  if (found == model.opset_imports.end()) {
    // Such old files have no list of opsets; they mean the first.
    if (node.domain.empty() && model.ir_version < kFirstIrVersionWithOpsets) return int64_t{1};
    return error(TN_INVALID_MODEL, describe(node), ": the model imports no opset of domain '", domain_name(node),
                 "': add an opset_import for it");
  }
  const int64_t version = found->second, newest = newest_opset(node.domain);
  // What a later opset changed cannot be known, so computing with an older form could be wrong without a word.
  if (newest > 0 && version > newest)
    return error(TN_UNSUPPORTED, describe(node), ": the model imports opset ", version, " of domain '",
                 domain_name(node), "', but this build knows up to ", newest, ": export the model for opset ", newest,
                 " or lower (onnx.version_converter lowers it), or use a newer Tenon");
  return version;
}

// Binds the node to the form in force at `opset`. Of an operator that has no schema at all, the node keeps none.
Status bind_schema(Node& node, int64_t opset) {
  node.schema = find_schema(node.domain, node.op_type, opset);
  if (node.schema == nullptr) {
    const OpSchema* first = first_schema(node.domain, node.op_type);
    if (first != nullptr && !facts_of(*first).has(kWrittenEarly))
      return error(TN_INVALID_MODEL, describe(node), ": opset ", opset, " of domain '", domain_name(node),
                   "' has no such operator, it came with opset ", first->since_version, ": import opset ",
                   first->since_version, " or later (onnx.version_converter raises it)");
    node.schema = first;
  }
  return {};
}

Status resolve_by_import(const Model& model, Node& node) {
  TENON_ASSIGN_OR_RETURN(const int64_t opset, imported_opset(model, node));
  TENON_RETURN_IF_ERROR(bind_schema(node, opset));
  node.since_version = node.schema ? node.schema->since_version : 0;
  return node.schema ? check_node(node) : Status();
}

Status resolve_written(const Model& model, Node& node) {
  if (node.since_version <= 0) return resolve_by_import(model, node);
  TENON_RETURN_IF_ERROR(bind_schema(node, node.since_version));
  if (node.schema == nullptr) return {};
  if (node.schema->since_version < node.since_version)
    return error(TN_UNSUPPORTED, describe(node), ": this build knows the operator up to opset ",
                 node.schema->since_version, ", not its form of opset ", node.since_version,
                 ": export the model for an older opset, or use a newer Tenon");
  node.since_version = node.schema->since_version;
  return check_node(node);
}

template <typename Resolve>
Status resolve_each(Model& model, Resolve resolve) {
  for (Graph* graph : graph_tree(*model.graph))
    for (const auto& node : graph->nodes()) TENON_RETURN_IF_ERROR(resolve(model, *node));
  return {};
}

}  // namespace

Status bind_described_schemas(Model& model, const SchemaFinder& find) {
  return resolve_each(model, [&](const Model&, Node& node) -> Status {
    if (node.schema != nullptr) return {};
    const int64_t opset = node.since_version > 0 ? node.since_version : opset_of(node);
    TENON_ASSIGN_OR_RETURN(node.schema, find(node, opset));
    if (node.schema == nullptr) return {};
    node.since_version = node.schema->since_version;
    return check_node(node);
  });
}

Status resolve_schemas(Model& model) {
  model.graph->opset_imports = &model.opset_imports;
  return resolve_each(model, resolve_by_import);
}

Status resolve_written_schemas(Model& model) {
  model.graph->opset_imports = &model.opset_imports;
  return resolve_each(model, resolve_written);
}

}  // namespace tenon::host
