#include "host/graph/operators/type_rules.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>

#include "host/base/dtype.h"
#include "host/graph/schemas/op_schema.h"

namespace tenon::host::type_rules {
namespace {

using Kind = ValueType::Kind;

std::optional<ElementType> input_type(const Node& node, size_t i, Kind kind) {
  if (i >= node.inputs.size() || node.inputs[i] == nullptr || node.inputs[i]->type.dtype == TN_UNDEFINED)
    return std::nullopt;
  return ElementType{kind, node.inputs[i]->type.dtype};
}

std::optional<ElementType> first_type(const Node& node) {
  if (node.inputs.empty() || node.inputs[0] == nullptr || node.inputs[0]->type.dtype == TN_UNDEFINED)
    return std::nullopt;
  return element_type(node.inputs[0]->type);
}

bool has_entries(const Node& node, std::string_view list) {
  const Attribute* attribute = node.find_attribute(list);
  if (attribute == nullptr) return false;
  const auto is_filled = [](const auto& payload) {
    if constexpr (requires { payload.empty(); }) return !payload.empty();
    return false;
  };
  return std::visit(is_filled, attribute->payload);
}

// Cast of opset 1 names its type in words.
std::optional<tn_dtype> type_attribute(const Node& node, std::string_view name) {
  if (const auto text = node.string_attribute(name)) {
    std::string lower(*text);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    return dtype_from_name(lower);
  }
  const auto number = node.int_attribute(name);
  if (!number) return std::nullopt;
  return dtype_from_number(*number);
}

// What the attribute says. Where it has a default, 0 asks for it; where it says nothing, `otherwise` counts.
Result<std::optional<ElementType>> stated(const Node& node, std::string_view attribute,
                                          std::optional<ElementType> otherwise) {
  const int64_t* by_default = default_of<int64_t>(node.schema, attribute);
  const bool is_zero = by_default != nullptr && node.int_attribute(attribute) == 0;
  const auto dtype = is_zero ? dtype_from_number(*by_default) : type_attribute(node, attribute);
  if (!dtype || (is_zero && *dtype == TN_UNDEFINED)) return otherwise;
  if (*dtype == TN_UNDEFINED)
    return error(TN_INVALID_MODEL, describe(node), ": attribute '", attribute,
                 "' names no element type: expected a number of TensorProto.DataType");
  return std::optional(ElementType{Kind::kTensor, *dtype});
}

std::optional<size_t> optimized(const Node& node, size_t states, size_t output) {
  const size_t n = node.inputs.size() < 2 ? 0 : (node.inputs.size() - 2) / (2 + states);
  if (output >= n * (1 + states)) return std::nullopt;
  return 2 + output + (output < n ? 0 : n);
}

}  // namespace

Result<std::optional<ElementType>> by_dtype(const Node& node) {
  return stated(node, "dtype", input_type(node, 0, Kind::kTensor));
}

Result<std::optional<ElementType>> by_to(const Node& node) {
  return stated(node, "to", std::nullopt);
}

Result<std::optional<ElementType>> by_output_datatype(const Node& node) {
  return stated(node, "output_datatype", std::nullopt);
}

Result<std::optional<ElementType>> by_output_dtype(const Node& node) {
  return stated(node, "output_dtype", std::nullopt);
}

Result<std::optional<ElementType>> by_stash_type(const Node& node) {
  return stated(node, "stash_type", std::nullopt);
}

Result<std::optional<ElementType>> quantized(const Node& node) {
  return stated(node, "output_dtype", ElementType{Kind::kTensor, TN_UINT8});
}

Result<std::optional<ElementType>> dequantized(const Node& node) {
  return stated(node, "output_dtype", input_type(node, 1, Kind::kTensor));
}

Result<std::optional<ElementType>> like_first(const Node& node) {
  const auto type = input_type(node, 0, Kind::kTensor);
  const auto is_of_outputs = [&](std::string_view parameter) {
    return std::any_of(node.schema->outputs.begin(), node.schema->outputs.end(),
                       [&](const FormalParameter& output) { return output.type == parameter; });
  };
  for (const TypeConstraint& constraint : node.schema->constraints)
    if (type && is_of_outputs(constraint.parameter) && (constraint.tensor_types >> type->dtype & 1) == 0)
      return std::optional<ElementType>();
  return type;
}

Result<std::optional<ElementType>> whole_number(const Node&) {
  return std::optional(ElementType{Kind::kTensor, TN_INT32});
}

Result<std::optional<ElementType>> qgemm(const Node& node) {
  constexpr size_t kYZero = 8;
  const bool is_quantized = kYZero < node.inputs.size() && node.inputs[kYZero] != nullptr;
  if (!is_quantized) return std::optional(ElementType{Kind::kTensor, TN_FLOAT});
  return input_type(node, kYZero, Kind::kTensor);
}

Result<std::optional<ElementType>> hash(const Node& node) {
  return std::optional(
      ElementType{Kind::kTensor, node.int_attribute("positive").value_or(1) == 1 ? TN_UINT32 : TN_INT32});
}

Result<std::optional<ElementType>> constant(const Node& node) {
  for (const Attribute& a : node.attributes) {
    if (const auto* tensor = std::get_if<Tensor>(&a.payload))
      return std::optional(ElementType{Kind::kTensor, tensor->dtype()});
    if (a.name.starts_with("value_float")) return std::optional(ElementType{Kind::kTensor, TN_FLOAT});
    if (a.name.starts_with("value_int")) return std::optional(ElementType{Kind::kTensor, TN_INT64});
    if (a.name.starts_with("value_string")) return std::optional(ElementType{Kind::kTensor, TN_STRING});
  }
  return std::optional<ElementType>();
}

Result<std::optional<ElementType>> constant_of_shape(const Node& node) {
  const Attribute* value = node.find_attribute("value");
  const Tensor* tensor = value ? std::get_if<Tensor>(&value->payload) : nullptr;
  return std::optional(ElementType{Kind::kTensor, tensor ? tensor->dtype() : TN_FLOAT});
}

Result<std::optional<ElementType>> class_label(const Node& node) {
  return std::optional(ElementType{Kind::kTensor, has_entries(node, "classlabels_strings") ? TN_STRING : TN_INT64});
}

Result<std::optional<ElementType>> encoded_label(const Node& node) {
  const Attribute* attribute = node.find_attribute("values_tensor");
  if (const Tensor* values = attribute != nullptr ? std::get_if<Tensor>(&attribute->payload) : nullptr)
    return std::optional(ElementType{Kind::kTensor, values->dtype()});
  if (has_entries(node, "values_strings")) return std::optional(ElementType{Kind::kTensor, TN_STRING});
  if (has_entries(node, "values_int64s")) return std::optional(ElementType{Kind::kTensor, TN_INT64});
  if (has_entries(node, "values_floats")) return std::optional(ElementType{Kind::kTensor, TN_FLOAT});
  return category(node);
}

Result<std::optional<ElementType>> category(const Node& node) {
  const auto from = input_type(node, 0, Kind::kTensor);
  if (!from || (from->dtype != TN_STRING && from->dtype != TN_INT64)) return std::optional<ElementType>();
  return std::optional(ElementType{Kind::kTensor, from->dtype == TN_STRING ? TN_INT64 : TN_STRING});
}

Result<std::optional<ElementType>> zipped_map(const Node& node) {
  const tn_dtype key = has_entries(node, "classlabels_strings") ? TN_STRING : TN_INT64;
  return std::optional(ElementType{Kind::kSequence, TN_FLOAT, Kind::kMap, key});
}

Result<std::optional<ElementType>> cast_map(const Node& node) {
  const auto to = node.string_attribute("cast_to");
  return std::optional(ElementType{Kind::kTensor, to == "TO_STRING"  ? TN_STRING
                                                  : to == "TO_INT64" ? TN_INT64
                                                                     : TN_FLOAT});
}

Result<std::optional<ElementType>> map_values(const Node& node) {
  return input_type(node, 0, Kind::kTensor);
}

Result<std::optional<ElementType>> empty_sequence(const Node& node) {
  TENON_ASSIGN_OR_RETURN(auto type, by_dtype(node));
  if (type) type->kind = Kind::kSequence;
  return type;
}

Result<std::optional<ElementType>> sequence_of_first(const Node& node) {
  return input_type(node, 0, Kind::kSequence);
}

Result<std::optional<ElementType>> tensor_of_first(const Node& node) {
  return input_type(node, 0, Kind::kTensor);
}

Result<std::optional<ElementType>> element_of_first(const Node& node) {
  const auto sequence = first_type(node);
  return sequence ? std::optional(held_type(*sequence)) : std::nullopt;
}

Result<std::optional<ElementType>> optional_of_first(const Node& node) {
  auto held = first_type(node);
  const Attribute* attribute = node.find_attribute("type");
  const auto* type = attribute == nullptr ? nullptr : std::get_if<ValueType>(&attribute->payload);
  if (!held && type != nullptr && type->dtype != TN_UNDEFINED) held = element_type(*type);
  if (!held) return held;
  return std::optional(ElementType{Kind::kOptional, held->dtype, held->kind, held->key});
}

Result<std::optional<ElementType>> held_by_first(const Node& node) {
  const auto type = first_type(node);
  return type && type->kind == Kind::kOptional ? std::optional(held_type(*type)) : type;
}

std::optional<size_t> optimized_with_one_state(const Node& node, size_t output) {
  return optimized(node, 1, output);
}

std::optional<size_t> optimized_with_two_states(const Node& node, size_t output) {
  return optimized(node, 2, output);
}

}  // namespace tenon::host::type_rules
