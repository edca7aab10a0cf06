// Infers one node and tells the result as text, for the tests of the shape rules.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "host/graph/shape_inference.h"
#include "tests/support/graph_builder.h"

namespace tenon::test {

/// An input of a node: a float tensor of this shape (-1: unknown), or a constant vector of int64 or float.
struct Shape {
  std::vector<int64_t> dims;
};
struct Ints {
  std::vector<int64_t> values;
};
struct Floats {
  std::vector<float> values;
};
struct Symbols {
  std::vector<host::Dim> dims;
};
/// A tensor whose rank is not known.
struct AnyRank {};
struct LeftOut {};
using Operand = std::variant<Shape, Ints, Floats, Symbols, AnyRank, LeftOut>;

struct OneNode {
  int64_t opset = 17;
  std::string op;
  std::vector<Operand> inputs;
  std::vector<host::Attribute> attributes;
  size_t outputs = 1;
  tn_dtype dtype = TN_FLOAT;
};

/// The outputs' dimensions, "[2,?] [3]", or the error's message.
inline std::string infer_one(const OneNode& one) {
  GraphBuilder b(one.opset);
  std::vector<std::string> inputs, outputs;
  for (size_t i = 0; i < one.inputs.size(); ++i) {
    inputs.push_back(std::holds_alternative<LeftOut>(one.inputs[i]) ? "" : host::concat("i", i));
    if (const auto* shape = std::get_if<Shape>(&one.inputs[i])) b.input(inputs[i], one.dtype, shape->dims);
    if (const auto* symbols = std::get_if<Symbols>(&one.inputs[i]))
      b.symbolic_input(inputs[i], one.dtype, symbols->dims);
    if (std::holds_alternative<AnyRank>(one.inputs[i]))
      b.input_of(inputs[i], {host::ValueType::Kind::kTensor, one.dtype, std::nullopt});
    if (const auto* ints = std::get_if<Ints>(&one.inputs[i]))
      b.constant<int64_t>(inputs[i], {static_cast<int64_t>(ints->values.size())}, ints->values);
    if (const auto* floats = std::get_if<Floats>(&one.inputs[i]))
      b.constant<float>(inputs[i], {static_cast<int64_t>(floats->values.size())}, floats->values);
  }
  for (size_t i = 0; i < one.outputs; ++i) outputs.push_back(host::concat("o", i));
  b.node(one.op, inputs, outputs, one.attributes);
  if (const auto s = b.graph().finish(); !s.is_ok()) return s.message();
  if (const auto s = host::resolve_schemas(b.model()); !s.is_ok()) return s.message();
  if (const auto s = host::infer_shapes(b.model()); !s.is_ok()) return s.message();
  std::string text;
  for (const std::string& name : outputs) {
    const std::string type = describe(b.value(name)->type);
    text += (text.empty() ? "" : " ") + type.substr(type.find('['));
  }
  return text;
}

}  // namespace tenon::test
