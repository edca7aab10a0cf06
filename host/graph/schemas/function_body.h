// What the specification makes an operator of, for those that it defines by others: a text for each, which generate.py
// writes to onnx_functions.inc, and its nodes. Constant tables; thread-safe.
//
//   graph A,B -> Y                     the names of inputs and outputs; the first graph is the operator's body
//   SwishGate Swish A alpha=@alpha     a node: outputs, operator of the ONNX domain, inputs if it has any, attributes
//   Y Mul SwishGate,B
//
// In the place of an operator, @ with the name of an attribute of the call is the graph that the call has there, of one
// input and one output, whose nodes come in; where the call has none, the input goes on as the output.
//
// Attributes are i: (int), f: (float), is: (ints), t: (a scalar float tensor), g: (the graph of that number, for a body
// of its own that sees the names around it), or @ with the name of an attribute of the call.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

namespace tenon::host {

struct OpSchema;

struct FunctionBody {
  std::string_view domain, op_type;
  int since_version;  // of the operator's form
  int opset;          // of the operators in the text
  std::string_view text;
};

struct FunctionAttribute {
  struct OfCall {
    std::string_view name;
  };
  struct Scalar {
    float value;
  };
  struct Subgraph {
    size_t number;
  };
  std::string_view name;
  std::variant<int64_t, float, std::vector<int64_t>, OfCall, Scalar, Subgraph> value;
};

struct FunctionNode {
  std::string_view op_type;
  std::vector<std::string_view> inputs, outputs;
  std::vector<FunctionAttribute> attributes;
};

/// Borrows from the text.
struct FunctionGraph {
  std::vector<std::string_view> inputs, outputs;
  std::vector<FunctionNode> nodes;  // each after those whose outputs it reads
};

/// All of them, sorted by domain, operator, version and opset.
std::span<const FunctionBody> functions();
/// The body of the operator's form that was written for `opset` or the last one before, else the first one; nullptr:
/// the operator has none that is the same for all its nodes.
const FunctionBody* find_function(const OpSchema& schema, int64_t opset);
/// The graphs of a body, its own first.
std::vector<FunctionGraph> read_function(const FunctionBody& body);

}  // namespace tenon::host
