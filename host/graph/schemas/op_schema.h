// What the ONNX specification says of an operator in the form that an opset gave it, or a provider of one of its own.
// Constant tables hold the host's: scripts of this folder write onnx_schemas.inc and contrib_schemas.inc.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

namespace tenon::host {

class OutputHook;

enum class Arity : uint8_t { kSingle, kOptional, kVariadic };

struct FormalParameter {
  std::string_view name;
  std::string_view type;  // a type parameter ("T") or a concrete type ("tensor(int64)", "seq(tensor(float))")
  Arity arity;
  bool homogeneous;  // of a variadic one: all of one type
};

/// The types that a type parameter may stand for. Bit i of tensor_types: tensors of element type i.
struct TypeConstraint {
  std::string_view parameter;
  uint64_t tensor_types;
  uint64_t sequence_types;
  uint64_t optional_types;  // optional of tensor or of sequence of that element type
};

enum class AttributeKind : uint8_t {
  kInt,
  kFloat,
  kString,
  kTensor,
  kGraph,
  kInts,
  kFloats,
  kStrings,
  kTensors,
  kGraphs,
  kType,
  kOther
};

/// What an attribute is in a node that leaves it out.
using IntsDefault = std::span<const int64_t>;
using FloatsDefault = std::span<const float>;
using StringsDefault = std::span<const std::string_view>;
using AttributeDefault = std::variant<int64_t, float, std::string_view, IntsDefault, FloatsDefault, StringsDefault>;

struct AttributeSchema {
  std::string_view name;
  AttributeKind kind;
  bool required;
  const AttributeDefault* default_value = nullptr;  // nullptr: the operator has other words for its absence, or none
};

struct OpSchema {
  std::string_view domain;
  std::string_view op_type;
  int since_version;
  bool deprecated;
  uint16_t min_inputs, max_inputs;  // 65535: no limit
  uint16_t min_outputs, max_outputs;
  std::span<const FormalParameter> inputs;
  std::span<const FormalParameter> outputs;
  std::span<const TypeConstraint> constraints;
  std::span<const AttributeSchema> attributes;
  // Of an operator that a provider describes; the host's own have a row in facts.inc.
  bool is_random = false;            // two runs on the same inputs may differ
  const OutputHook* hook = nullptr;  // nullptr: the schema says all that is known while a session opens
};

/// What the schema says of an attribute; nullptr: nothing.
const AttributeSchema* find_attribute(const OpSchema& schema, std::string_view name);
/// The default of an attribute, of this alternative of AttributeDefault; nullptr: no schema, or none such.
template <typename Default>
const Default* default_of(const OpSchema* schema, std::string_view name) {
  const AttributeSchema* known = schema != nullptr ? find_attribute(*schema, name) : nullptr;
  return known != nullptr ? std::get_if<Default>(known->default_value) : nullptr;
}
/// The formal parameter of the i-th actual input or output (the last one for those past a variadic); nullptr if too
/// many.
const FormalParameter* formal_parameter(std::span<const FormalParameter> formals, size_t i);

}  // namespace tenon::host
