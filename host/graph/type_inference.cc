#include "host/graph/type_inference.h"

#include <algorithm>

#include "host/base/dtype.h"
#include "host/graph/operators/facts.h"
#include "host/graph/schema.h"

namespace tenon::host {
namespace {

using Kind = ValueType::Kind;

struct Binding {
  std::string_view parameter;
  ElementType type;
  std::string_view input;  // the one that bound it
};

bool is_known(const ElementType& type) {
  return type.dtype != TN_UNDEFINED;
}

// "tensor(float)" or "seq(tensor(float))"; nothing for a type parameter.
std::optional<ElementType> concrete_type(std::string_view text) {
  ElementType type;
  if (text.starts_with("seq(")) {
    type.kind = Kind::kSequence;
    text = text.substr(4, text.size() - 5);
  }
  if (!text.starts_with("tensor(")) return std::nullopt;
  type.dtype = dtype_from_name(text.substr(7, text.size() - 8));
  return type;
}

const TypeConstraint* constraint_of(const OpSchema& schema, std::string_view parameter) {
  for (const TypeConstraint& c : schema.constraints)
    if (c.parameter == parameter) return &c;
  return nullptr;
}

// Maps and sparse tensors are not in the masks; whoever runs them checks them.
bool is_allowed(const TypeConstraint& constraint, const ElementType& type) {
  const uint64_t bit = uint64_t{1} << type.dtype;
  if (type.kind == Kind::kSequence && type.held != Kind::kTensor) return true;
  switch (type.kind) {
    case Kind::kTensor: return (constraint.tensor_types & bit) != 0;
    case Kind::kSequence: return (constraint.sequence_types & bit) != 0;
    case Kind::kOptional: return (constraint.optional_types & bit) != 0;
    default: return true;
  }
}

std::string allowed_text(const TypeConstraint& constraint) {
  std::string text;
  const auto append = [&](Kind kind, uint64_t mask) {
    for (uint32_t i = 0; i < 64; ++i)
      if ((mask >> i) & 1)
        text += (text.empty() ? "" : ", ") +
                (kind == Kind::kTensor ? dtype_name(i) : describe(ElementType{kind, static_cast<tn_dtype>(i)}));
  };
  append(Kind::kTensor, constraint.tensor_types);
  append(Kind::kSequence, constraint.sequence_types);
  append(Kind::kOptional, constraint.optional_types);
  return text;
}

// The only type that the constraint allows.
std::optional<ElementType> sole_type(const TypeConstraint& c) {
  if (__builtin_popcountll(c.tensor_types) != 1 || c.sequence_types != 0 || c.optional_types != 0) return std::nullopt;
  return ElementType{Kind::kTensor, static_cast<tn_dtype>(__builtin_ctzll(c.tensor_types))};
}

const Binding* find_binding(const std::vector<Binding>& bindings, std::string_view parameter) {
  for (const Binding& b : bindings)
    if (b.parameter == parameter) return &b;
  return nullptr;
}

Status bind_input(const Node& node, size_t i, std::vector<Binding>& bindings) {
  const FormalParameter* formal = formal_parameter(node.schema->inputs, i);
  if (formal == nullptr || node.inputs[i] == nullptr) return {};
  const ElementType type = element_type(node.inputs[i]->type);
  if (!is_known(type)) return {};
  if (const auto fixed = concrete_type(formal->type)) {
    if (*fixed == type) return {};
    return error(TN_INVALID_MODEL, describe(node), ": input ", formal->name, " is ", describe(type), ", expected ",
                 describe(*fixed), ": cast it");
  }
  const TypeConstraint* constraint = constraint_of(*node.schema, formal->type);
  if (constraint != nullptr && !is_allowed(*constraint, type))
    return error(TN_INVALID_MODEL, describe(node), ": input ", formal->name, " is ", describe(type),
                 ", which this opset does not allow: expected one of ", allowed_text(*constraint));
  const bool mixed = formal->arity == Arity::kVariadic && !formal->homogeneous;
  const Binding* bound = find_binding(bindings, formal->type);
  if (bound == nullptr) {
    bindings.push_back({formal->type, type, formal->name});
  } else if (!mixed && bound->type != type) {
    return error(TN_INVALID_MODEL, describe(node), ": input ", formal->name, " is ", describe(type), ", expected ",
                 describe(bound->type), " as ", bound->input, ": cast one of them");
  }
  return {};
}

Result<std::optional<ElementType>> output_type(const Node& node, size_t i, const std::vector<Binding>& bindings) {
  const FormalParameter* formal = formal_parameter(node.schema->outputs, i);
  if (formal == nullptr) return std::optional<ElementType>();
  if (const auto fixed = concrete_type(formal->type)) return fixed;
  const bool mixed = formal->arity == Arity::kVariadic && !formal->homogeneous;
  if (mixed) {
    const SourceRule source = facts_of(node).source;
    const auto input = source == nullptr ? std::nullopt : source(node, i);
    if (!input || node.inputs[*input] == nullptr || node.inputs[*input]->type.dtype == TN_UNDEFINED)
      return std::optional<ElementType>();
    return std::optional(element_type(node.inputs[*input]->type));
  }
  const Binding* bound = find_binding(bindings, formal->type);
  if (bound != nullptr) return std::optional(bound->type);
  const TypeConstraint* constraint = constraint_of(*node.schema, formal->type);
  if (constraint != nullptr)
    if (const auto only = sole_type(*constraint)) return only;
  const TypeRule rule = facts_of(node).type;
  if (rule == nullptr) return std::optional<ElementType>();
  TENON_ASSIGN_OR_RETURN(auto type, rule(node));
  if (type) TENON_RETURN_IF_ERROR(check_output_type(node, i, *type));
  return type;
}

}  // namespace

Status check_output_type(const Node& node, size_t i, const ElementType& type) {
  const FormalParameter* formal = formal_parameter(node.schema->outputs, i);
  if (formal == nullptr) return {};
  if (const auto fixed = concrete_type(formal->type); fixed && *fixed != type)
    return error(TN_INVALID_MODEL, describe(node), ": output ", formal->name, " would be ", describe(type),
                 ", expected ", describe(*fixed));
  const TypeConstraint* constraint = constraint_of(*node.schema, formal->type);
  if (constraint == nullptr || is_allowed(*constraint, type)) return {};
  return error(TN_INVALID_MODEL, describe(node), ": output ", formal->name, " would be ", describe(type),
               ", which this opset does not allow: expected one of ", allowed_text(*constraint));
}

Result<std::vector<std::optional<ElementType>>> infer_types(const Node& node) {
  std::vector<Binding> bindings;
  for (size_t i = 0; i < node.inputs.size(); ++i) TENON_RETURN_IF_ERROR(bind_input(node, i, bindings));
  std::vector<std::optional<ElementType>> outputs(node.outputs.size());
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] == nullptr) continue;
    TENON_ASSIGN_OR_RETURN(outputs[i], output_type(node, i, bindings));
  }
  return outputs;
}

}  // namespace tenon::host
