#include "host/graph/node_builder.h"

#include "host/graph/shape_inference.h"

namespace tenon::host {

Result<Value*> NodeBuilder::input(std::string name, ValueType type) {
  TENON_ASSIGN_OR_RETURN(Value * made, value(std::move(name)));
  made->type = std::move(type);
  graph_->inputs.push_back(made);
  return made;
}

Result<Value*> NodeBuilder::constant(std::string name, Tensor tensor) {
  TENON_ASSIGN_OR_RETURN(Value * made, value(std::move(name)));
  made->constant = std::move(tensor);
  set_constant_type(*made);
  return made;
}

Result<Value*> NodeBuilder::value(std::string name) {
  Value* found = name.empty() ? nullptr : graph_->find_value(name, true);
  return found != nullptr ? Result<Value*>(found) : graph_->add_value(std::move(name));
}

void NodeBuilder::output(Value& value) {
  graph_->outputs.push_back(&value);
  ++value.handed_out;
}

Node* NodeBuilder::node(std::string_view op, std::vector<Value*> inputs, std::vector<Value*> outputs,
                        std::vector<Attribute> attributes, const Node* before) {
  Node* made = before == nullptr ? graph_->add_node() : graph_->insert_node(*before);
  const size_t colon = op.find(':');
  if (colon != std::string_view::npos) made->domain = op.substr(0, colon);
  made->op_type = colon == std::string_view::npos ? op : op.substr(colon + 1);
  made->inputs = std::move(inputs);
  made->outputs = std::move(outputs);
  made->attributes = std::move(attributes);
  graph_->connect(*made);
  return made;
}

}  // namespace tenon::host
