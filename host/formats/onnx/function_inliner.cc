// GraphReader's part that puts the bodies of functions in the place of calls. Values inside get names of their own
// below the call's ("call/inner"). Work and memory are bounded: functions that call each other can double at every
// level.
#include <algorithm>

#include "host/formats/onnx/graph_reader.h"
#include "host/graph/schema.h"

namespace tenon::host {
namespace {

constexpr int kMaxCallDepth = 64;
constexpr uint64_t kMaxInlinedNodes = 100'000;
// A file of a few bytes may grow to this; a larger one in proportion.
constexpr uint64_t kBaseNodes = 1'000;
constexpr uint64_t kBaseBytes = uint64_t{16} << 20;
constexpr uint64_t kGrowth = 64;
constexpr uint64_t kMaxGrowthBytes = uint64_t{1} << 30;

constexpr int kGraph = onnx::AttributeProto::GRAPH;
constexpr int kGraphs = onnx::AttributeProto::GRAPHS;

}  // namespace

Status GraphReader::inline_call(const Pending& pending) {
  const Function& function = *pending.function;
  TENON_RETURN_IF_ERROR(check_call(pending));
  Scope scope{function, scope_, *pending.node->graph, unique_prefix(*pending.node), {}, {}, {}, {}};
  const auto nodes = static_cast<uint64_t>(function.proto->node_size());
  Status status = charge(nodes + 1, function.bytes + (function.names + 1) * scope.prefix.size());
  if (!status.is_ok()) return status.with_context(describe(*pending.node));
  TENON_RETURN_IF_ERROR(bind_values(pending, scope));
  TENON_RETURN_IF_ERROR(bind_attributes(pending, scope));
  Scope* const caller = scope_;
  scope_ = &scope;
  status = read_body(*pending.node);
  scope_ = caller;
  return status;
}

Status GraphReader::check_call(const Pending& pending) const {
  const Function& function = *pending.function;
  const auto inputs = static_cast<size_t>(function.proto->input_size());
  const auto outputs = static_cast<size_t>(function.proto->output_size());
  const Node& call = *pending.node;
  if (call.inputs.size() > inputs)
    return error(TN_INVALID_MODEL, describe(call), ": ", call.inputs.size(), " inputs, but ", describe(function),
                 " has ", inputs, ": remove those that it does not have");
  if (call.outputs.size() > outputs)
    return error(TN_INVALID_MODEL, describe(call), ": ", call.outputs.size(), " outputs, but ", describe(function),
                 " has ", outputs, ": remove those that it does not have");
  int depth = 1;
  std::string path = describe(function);
  for (const Scope* scope = scope_; scope != nullptr; scope = scope->caller) {
    path = describe(scope->function) + " calls " + path;
    if (&scope->function == &function)
      return error(TN_INVALID_MODEL, describe(call), ": ", path,
                   ": a function must not call itself, not by way of "
                   "others either; use a Loop");
    if (++depth > kMaxCallDepth)
      return error(TN_UNSUPPORTED, describe(call), ": functions call each other deeper than ", kMaxCallDepth,
                   " levels: inline some of them, for example with onnx.inliner.inline_local_functions");
  }
  return {};
}

Status GraphReader::bind_values(const Pending& pending, Scope& scope) const {
  const Node& call = *pending.node;
  const onnx::FunctionProto& proto = *scope.function.proto;
  for (int i = 0; i < proto.input_size(); ++i) {
    const auto at = static_cast<size_t>(i);
    if (!scope.inputs.insert(proto.input(i)).second)
      return error(TN_INVALID_MODEL, describe(scope.function), " has two inputs '", proto.input(i), "': rename one");
    scope.names.emplace(proto.input(i), at < call.inputs.size() ? call.inputs[at] : nullptr);
  }
  // An output that is an input too is forwarded afterwards.
  for (size_t i = 0; i < call.outputs.size(); ++i)
    if (call.outputs[i] != nullptr) scope.names.emplace(proto.output(static_cast<int>(i)), call.outputs[i]);
  return {};
}

Status GraphReader::bind_attributes(const Pending& pending, Scope& scope) {
  const Function& function = scope.function;
  for (const auto& attribute : function.defaults) scope.attributes[attribute.name()] = &attribute;
  std::unordered_set<std::string_view> names;
  for (const auto& attribute : pending.proto->attribute()) {
    const auto where = [&] { return concat(describe(*pending.node), ": attribute '", attribute.name(), "'"); };
    if (!names.insert(attribute.name()).second)
      return error(TN_INVALID_MODEL, where(), " is given twice: remove one of them");
    if (!function.declares(attribute.name()))
      return error(TN_INVALID_MODEL, where(), " is unknown to ", describe(function), ": remove it");
    const onnx::AttributeProto* given = &attribute;
    if (!attribute.ref_attr_name().empty()) {
      auto resolved = resolve(attribute);
      if (!resolved.is_ok()) return resolved.status().with_context(where());
      given = *resolved;
    }
    if (given != nullptr) scope.attributes[attribute.name()] = given;
  }
  for (const auto& [name, attribute] : scope.attributes)
    if (const int type = attribute_type(*attribute); type == kGraph || type == kGraphs)
      return error(TN_UNSUPPORTED, describe(*pending.node), ": attribute '", name, "' passes a graph to ",
                   describe(function), ": inline it, for example with onnx.inliner.inline_local_functions");
  return {};
}

Status GraphReader::read_body(const Node& call) {
  TENON_ASSIGN_OR_RETURN(auto nodes, declare_nodes(scope_->function.proto->node(), scope_->graph));
  for (const Pending& pending : nodes)
    if (pending.function == nullptr) TENON_RETURN_IF_ERROR(check_opset(*pending.node));
  TENON_RETURN_IF_ERROR(forward_outputs(call));
  return read_nodes(nodes);
}

// One model runs by one opset of each domain: a function of another must mean the same by it.
Status GraphReader::check_opset(const Node& node) {
  const Function& function = scope_->function;
  const auto own = function.opsets.find(node.domain);
  const std::string domain = node.domain.empty() ? "ai.onnx" : node.domain;
  if (own == function.opsets.end())
    return error(TN_INVALID_MODEL, describe(node), ": ", describe(function), " imports no opset of domain '", domain,
                 "': add an opset_import for it to the function");
  const int64_t model = opset_imports_.emplace(node.domain, own->second).first->second;
  if (model == own->second) return {};
  const OpSchema* meant = find_schema(node.domain, node.op_type, own->second);
  if (meant == find_schema(node.domain, node.op_type, model)) return {};
  return error(TN_UNSUPPORTED, describe(node), ": ", describe(function), " imports opset ", own->second, " of domain '",
               domain, "', the model ", model,
               ", and the operator differs between the two: convert "
               "the function to the model's opset");
}

// Outputs of the call that no node of the body computes under that value: inputs handed through, and repetitions.
Status GraphReader::forward_outputs(const Node& call) {
  const Function& function = scope_->function;
  for (size_t i = 0; i < call.outputs.size(); ++i) {
    if (call.outputs[i] == nullptr) continue;
    const std::string& name = function.proto->output(static_cast<int>(i));
    const bool is_input = scope_->inputs.count(name) > 0;
    if (!is_input && scope_->computed.count(name) == 0)
      return error(TN_INVALID_MODEL, describe(call), ": no node of ", describe(function), " computes its output '",
                   name, "': correct the function");
    Value* source = scope_->names.at(name);
    if (source == nullptr)
      return error(TN_INVALID_MODEL, describe(call), ": output '", name, "' of ", describe(function),
                   " is its input of that name, which the call leaves out: give the call that input");
    if (source == call.outputs[i] && !is_input) continue;
    TENON_RETURN_IF_ERROR(charge(1, scope_->prefix.size() + name.size()));
    Node* forward = scope_->graph.add_node();
    forward->name = scope_->prefix + "/" + name;
    forward->op_type = "Identity";
    forward->inputs = {source};
    forward->outputs = {call.outputs[i]};
  }
  return {};
}

// nullptr: the call leaves the attribute out, and so does the node.
Result<const onnx::AttributeProto*> GraphReader::resolve(const onnx::AttributeProto& attribute) {
  const std::string& name = attribute.ref_attr_name();
  if (scope_ == nullptr)
    return error(TN_INVALID_MODEL, "it refers to '", name, "' of a function, but its node is in no function");
  const auto given = scope_->attributes.find(name);
  if (given == scope_->attributes.end()) {
    if (scope_->function.declares(name)) return static_cast<const onnx::AttributeProto*>(nullptr);
    return error(TN_INVALID_MODEL, "it refers to '", name, "', which ", describe(scope_->function),
                 " does not have: add it to the function's attributes");
  }
  const int expected = attribute.type(), found = attribute_type(*given->second);
  if (expected != onnx::AttributeProto::UNDEFINED && expected != found)
    return error(TN_INVALID_MODEL, "it refers to '", name, "' of ", describe(scope_->function), ", which is of kind ",
                 found, ", expected ", expected, " (AttributeProto.AttributeType)");
  TENON_RETURN_IF_ERROR(charge(0, given->second->ByteSizeLong()));
  return given->second;
}

Result<Value*> GraphReader::declare_in_body(const Node& node, const std::string& name) {
  if (scope_->inputs.count(name) > 0)
    return error(TN_INVALID_MODEL, describe(node), ": output '", name, "' is also an input of ",
                 describe(scope_->function), ": rename one of them");
  scope_->computed.insert(name);
  Value*& value = scope_->names[name];
  if (value != nullptr) return value;
  auto made = scope_->graph.add_value(scope_->prefix + "/" + name);
  if (!made.is_ok()) made = scope_->graph.add_value("");  // the file has a value of that very name
  if (made.is_ok()) value = *made;
  return made;
}

std::string GraphReader::unique_prefix(const Node& call) {
  std::string prefix = call.name;
  for (size_t i = 0; i < call.outputs.size() && prefix.empty(); ++i)
    if (call.outputs[i] != nullptr) prefix = call.outputs[i]->name;
  if (prefix.empty()) prefix = call.op_type;
  const uint64_t used = prefixes_[prefix]++;
  return used == 0 ? prefix : concat(prefix, "#", used + 1);
}

Status GraphReader::charge(uint64_t nodes, uint64_t bytes) {
  const uint64_t node_limit = std::min(kMaxInlinedNodes, kBaseNodes + structure_bytes_);
  const uint64_t byte_limit = std::min(kBaseBytes + kGrowth * structure_bytes_, structure_bytes_ + kMaxGrowthBytes);
  inlined_nodes_ += nodes;
  inlined_bytes_ += bytes;
  if (inlined_nodes_ <= node_limit && inlined_bytes_ <= byte_limit) return {};
  return error(TN_UNSUPPORTED, "the model's functions grow to more than ",
               inlined_nodes_ > node_limit ? concat(node_limit, " nodes") : concat(byte_limit, " bytes"),
               ", the most that Tenon inlines for a file of ", structure_bytes_,
               " bytes of structure: call them less often");
}

}  // namespace tenon::host
