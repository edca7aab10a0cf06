#include "host/optimize/expand.h"

#include <map>

#include "host/graph/node_builder.h"
#include "host/graph/schema.h"
#include "host/graph/schemas/function_body.h"
#include "host/optimize/node_function.h"
#include "host/optimize/rewriter.h"

namespace tenon::host {
namespace {

// A node of a few bytes becomes up to a hundred.
constexpr size_t kMostNodes = 100'000;

using Names = std::map<std::string_view, Value*>;

Attribute::Payload payload_of(const AttributeDefault& value) {
  struct Visitor {
    Attribute::Payload operator()(int64_t v) const { return v; }
    Attribute::Payload operator()(float v) const { return v; }
    Attribute::Payload operator()(std::string_view v) const { return std::string(v); }
    Attribute::Payload operator()(IntsDefault v) const { return std::vector<int64_t>(v.begin(), v.end()); }
    Attribute::Payload operator()(FloatsDefault v) const { return std::vector<float>(v.begin(), v.end()); }
    Attribute::Payload operator()(StringsDefault v) const { return std::vector<std::string>(v.begin(), v.end()); }
  };
  return std::visit(Visitor(), value);
}

/// One call, whose body is made in front of it.
class Expansion {
 public:
  Expansion(Node& call, const FunctionBody& body)
      : call_(call), opset_(body.opset), graphs_(read_function(body)), prefix_(prefix_of(call)) {}

  Status run() {
    Names names;
    const FunctionGraph& body = graphs_[0];
    for (size_t i = 0; i < body.inputs.size(); ++i)
      names[body.inputs[i]] = i < call_.inputs.size() ? call_.inputs[i] : nullptr;
    for (size_t i = 0; i < call_.outputs.size(); ++i)
      if (call_.outputs[i] != nullptr) names[body.outputs[i]] = call_.outputs[i];
    Graph& graph = *call_.graph;
    TENON_RETURN_IF_ERROR(make_nodes(body, graph, names, &call_));
    graph.erase_node(call_);
    return {};
  }
  /// Of what was made, subgraphs included.
  size_t node_count() const { return node_count_; }

 private:
  static std::string prefix_of(const Node& call) {
    if (!call.name.empty()) return call.name;
    for (const Value* output : call.outputs)
      if (output != nullptr) return output->name;
    return call.op_type;
  }

  Status make_nodes(const FunctionGraph& source, Graph& graph, Names& names, const Node* before) {
    NodeBuilder builder(graph);
    for (const FunctionNode& node : source.nodes) {
      if (node.op_type.starts_with('@')) {
        TENON_ASSIGN_OR_RETURN(names[node.outputs.front()],
                               take_in(node.op_type.substr(1), *names.at(node.inputs.front()), graph, *before));
        continue;
      }
      std::vector<Value*> inputs, outputs;
      for (const std::string_view name : node.inputs) inputs.push_back(names.at(name));
      std::vector<Attribute> attributes;
      for (const FunctionAttribute& attribute : node.attributes)
        TENON_RETURN_IF_ERROR(add_attribute(attribute, graph, names, attributes));
      for (const std::string_view name : node.outputs) {
        TENON_ASSIGN_OR_RETURN(Value * output, declare(name, graph, names));
        outputs.push_back(output);
      }
      Node* made = builder.node(node.op_type, std::move(inputs), std::move(outputs), std::move(attributes), before);
      made->name = concat(prefix_, "/", node.outputs.front());
      made->schema = find_schema("", node.op_type, opset_);
      made->since_version = made->schema->since_version;
      ++node_count_;
    }
    return {};
  }

  // The nodes of the call's graph of that name, on `given`.
  Result<Value*> take_in(std::string_view attribute, Value& given, Graph& graph, const Node& before) const {
    const Attribute* held = call_.find_attribute(attribute);
    const auto body = held == nullptr ? nullptr : std::get<std::shared_ptr<Graph>>(held->payload);
    if (body == nullptr) return &given;
    if (body->inputs.size() != 1 || body->outputs.size() != 1)
      return error(TN_INVALID_MODEL, describe(call_), ": the graph of attribute '", attribute, "' has ",
                   body->inputs.size(), " inputs and ", body->outputs.size(), " outputs, expected one of each");
    // Names of dimensions are the graph's own.
    for (const auto& value : body->values())
      if (!value->is_constant()) value->type = {value->type.kind, TN_UNDEFINED, std::nullopt};
    Value* const input = body->inputs.front();
    Value* const output = body->outputs.front();
    graph.absorb(*body, before, concat(prefix_, "/", attribute));
    graph.replace_uses(*input, given);
    Value* const result = output == input ? &given : output;
    graph.erase_value(*input);
    return result;
  }

  Result<Value*> declare(std::string_view name, Graph& graph, Names& names) const {
    const auto [entry, is_new] = names.try_emplace(name, nullptr);
    if (!is_new && entry->second != nullptr && entry->second->graph == &graph) return entry->second;
    auto made = graph.add_value(concat(prefix_, "/", name));
    if (!made.is_ok()) made = graph.add_value("");  // the model has a value of that very name
    if (made.is_ok()) entry->second = *made;
    return made;
  }

  Status add_attribute(const FunctionAttribute& attribute, Graph& graph, const Names& names,
                       std::vector<Attribute>& attributes) {
    const auto add = [&](Attribute::Payload payload) {
      attributes.push_back({std::string(attribute.name), std::move(payload)});
    };
    if (const auto* of_call = std::get_if<FunctionAttribute::OfCall>(&attribute.value)) {
      if (const Attribute* given = call_.find_attribute(of_call->name)) {
        add(given->payload);
      } else if (const AttributeSchema* known = find_attribute(*call_.schema, of_call->name);
                 known != nullptr && known->default_value != nullptr) {
        add(payload_of(*known->default_value));
      }
    } else if (const auto* scalar = std::get_if<FunctionAttribute::Scalar>(&attribute.value)) {
      TENON_ASSIGN_OR_RETURN(Tensor tensor, Tensor::allocate(TN_FLOAT, {}, Residence::kComputed));
      *static_cast<float*>(tensor.mutable_data()) = scalar->value;
      add(std::move(tensor));
    } else if (const auto* subgraph = std::get_if<FunctionAttribute::Subgraph>(&attribute.value)) {
      TENON_ASSIGN_OR_RETURN(auto made, make_subgraph(graphs_[subgraph->number], graph, names));
      add(std::move(made));
    } else if (const auto* number = std::get_if<int64_t>(&attribute.value)) {
      add(*number);
    } else if (const auto* real = std::get_if<float>(&attribute.value)) {
      add(*real);
    } else {
      add(std::get<std::vector<int64_t>>(attribute.value));
    }
    return {};
  }

  Result<std::shared_ptr<Graph>> make_subgraph(const FunctionGraph& source, Graph& parent, Names names) {
    auto graph = std::make_shared<Graph>(&parent);
    for (const std::string_view name : source.inputs) {
      TENON_ASSIGN_OR_RETURN(Value * input, declare(name, *graph, names));
      graph->inputs.push_back(input);
    }
    TENON_RETURN_IF_ERROR(make_nodes(source, *graph, names, nullptr));
    for (const std::string_view name : source.outputs) NodeBuilder(*graph).output(*names.at(name));
    return graph;
  }

  Node& call_;
  const int64_t opset_;
  const std::vector<FunctionGraph> graphs_;
  const std::string prefix_;
  size_t node_count_ = 0;
};

}  // namespace

bool is_defined_by_others(const OpSchema& schema) {
  return find_function(schema, schema.since_version) != nullptr || has_node_function(schema);
}

Result<size_t> expand_functions(Model& model, const std::unordered_set<const Node*>& nodes,
                                std::vector<std::string>& notes) {
  const auto import = model.opset_imports.find("");
  const int64_t opset = import == model.opset_imports.end() ? 1 : import->second;
  std::vector<Node*> calls;
  for (const Graph* graph : graph_tree(*model.graph))
    for (const auto& node : graph->nodes())
      if (nodes.contains(node.get())) calls.push_back(node.get());
  RemovalLog log;
  size_t made = 0;
  for (Node* call : calls) {
    if (call->schema == nullptr) continue;
    const FunctionBody* body = find_function(*call->schema, opset);
    std::string text;
    FunctionBody own;
    if (body == nullptr) {
      if (!has_node_function(*call->schema)) continue;
      TENON_ASSIGN_OR_RETURN(text, node_function(*call));
      own = {call->schema->domain, call->schema->op_type, call->since_version, kNodeFunctionOpset, text};
      body = &own;
    }
    log.add("which no provider takes, for the nodes that define them", *call);
    Expansion expansion(*call, *body);
    TENON_RETURN_IF_ERROR(expansion.run());
    made += expansion.node_count();
    if (made > kMostNodes)
      return error(TN_UNSUPPORTED, "nodes that no provider takes grow to more than ", kMostNodes,
                   " of those that define them, the most that Tenon makes: choose a provider that has the operators");
  }
  log.write_to(notes);
  if (log.total() > 0) TENON_RETURN_IF_ERROR(model.graph->finish());
  return log.total();
}

}  // namespace tenon::host
