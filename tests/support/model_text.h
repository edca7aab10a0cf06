// A model as text, complete enough that equal texts mean equal models. For tests of what writes and reads models.
#pragma once

#include <sstream>
#include <string>

#include "host/graph/graph.h"

namespace tenon::test {

class ModelText {
 public:
  static std::string of(const host::Model& model) {
    ModelText text;
    text.out_ << "ir " << model.ir_version << " producer " << model.producer_name << ' ' << model.producer_version
              << " domain " << model.domain << " version " << model.model_version << " doc " << model.doc_string
              << '\n';
    for (const auto& [domain, version] : model.opset_imports) text.out_ << "opset " << domain << ' ' << version << '\n';
    for (const auto& [key, value] : model.metadata) text.out_ << "metadata " << key << '=' << value << '\n';
    text.graph(*model.graph, "");
    return text.out_.str();
  }

 private:
  void value(const host::Value& value, const std::string& indent) {
    out_ << indent << "value " << value.name << ' ' << static_cast<int>(value.type.kind) << ' ' << describe(value.type)
         << " use " << value.use_count();
    if (value.is_constant()) tensor(*value.constant);
    out_ << '\n';
  }

  void graph(const host::Graph& graph, const std::string& indent) {
    // Order counts among constants and among others, not between the two.
    for (const auto& value : graph.values())
      if (!value->is_constant()) this->value(*value, indent);
    for (const auto& value : graph.values())
      if (value->is_constant()) this->value(*value, indent);
    names(indent + "inputs", graph.inputs);
    names(indent + "outputs", graph.outputs);
    for (const auto& node : graph.nodes()) {
      out_ << indent << "node " << node->name << ' ' << node->domain << ':' << node->op_type << ':'
           << node->since_version << " schema " << node->schema << '\n';
      names(indent + "  in", node->inputs);
      names(indent + "  out", node->outputs);
      names(indent + "  implicit", node->implicit_inputs);
      for (const host::Attribute& attribute : node->attributes) {
        out_ << indent << "  " << attribute.name << " kind " << attribute.payload.index() << ' ';
        std::visit([&](const auto& payload) { put(payload, indent + "    "); }, attribute.payload);
        out_ << '\n';
      }
    }
  }

  void names(const std::string& label, const std::vector<host::Value*>& values) {
    out_ << label;
    for (const host::Value* value : values) out_ << ' ' << (value != nullptr ? value->name : "-");
    out_ << '\n';
  }

  void tensor(const host::Tensor& tensor) {
    out_ << " = " << describe(tensor) << ' ' << tensor.byte_length() << " bytes:";
    if (tensor.data() == nullptr) return;
    if (tensor.dtype() == TN_STRING) {
      for (int64_t i = 0; i < tensor.element_count(); ++i) out_ << " '" << tensor.string_at(i) << "'";
      return;
    }
    for (size_t i = 0; i < tensor.byte_length(); ++i) out_ << ' ' << +static_cast<const uint8_t*>(tensor.data())[i];
  }

  void put(int64_t number, const std::string&) { out_ << number; }
  void put(float number, const std::string&) { out_ << std::hexfloat << number << std::defaultfloat; }
  void put(const std::string& string, const std::string&) { out_ << '\'' << string << '\''; }
  void put(const host::Tensor& t, const std::string&) { tensor(t); }
  void put(const host::ValueType& type, const std::string&) {
    out_ << static_cast<int>(type.kind) << ' ' << describe(type);
  }
  void put(const std::shared_ptr<host::Graph>& sub, const std::string& indent) {
    out_ << '\n';
    graph(*sub, indent);
  }
  template <typename T>
  void put(const std::vector<T>& list, const std::string& indent) {
    out_ << list.size() << ':';
    for (const T& element : list) {
      out_ << ' ';
      put(element, indent);
    }
  }

  std::ostringstream out_;
};

}  // namespace tenon::test
