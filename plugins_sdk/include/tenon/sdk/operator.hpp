// Operators that a provider describes: forms of operators in a domain of its own, and what is known of their outputs.
//
//   constexpr tn_formal kIn[] = {formal("x", "T")}, kOut[] = {formal("y", "T")};
//   constexpr tn_type_rule kTypes[] = {type_rule("T", kFloats)};
//   constexpr tn_attribute kAttributes[] = {attribute("factor", 2.0f)};
//   constexpr tn_operator kOperators[] = {operator_def<infer_gain>("com.example", "Gain", 1, kIn, kOut, kTypes,
//   kAttributes)}; constexpr tn_provider kProvider = with_operators(provider_table("mine", "1.0", kKernels),
//   kOperators);
#pragma once

#include <tenon/kernel_api/host.h>

#include <initializer_list>
#include <map>
#include <memory>
#include <tenon/sdk/graph.hpp>

namespace tenon::sdk {
inline namespace TENON_SDK_VERSION {

using Options = std::map<std::string, std::string>;

/// The plugin's side of tn_provider_instance.
struct Instance {
  const tn_host* host;
  Options options;
  std::shared_ptr<const void> state;   // what the provider keeps while the instance lives
  uint32_t max_workers = 1;            // the most threads that a run of the session uses
  uint64_t memory_limit = UINT64_MAX;  // bytes that a run may take of the host's memory
  std::string model_name;              // the path of the model's file; empty: from memory
};

/// A list of type rules with its length, for a line of the kernel table or an operator.
struct TypeRules {
  const tn_type_rule* rules = nullptr;
  uint32_t count = 0;
  constexpr TypeRules() = default;
  template <size_t N>
  constexpr TypeRules(const tn_type_rule (&r)[N]) : rules(r), count(static_cast<uint32_t>(N)) {}
};

/// `type_rule("T", kFloats)`: the parameter T may be any of the array's types, which must be a constant with static
/// storage.
template <size_t N>
constexpr tn_type_rule type_rule(const char* parameter, const uint32_t (&dtypes)[N]) {
  return tn_type_rule{sizeof(tn_type_rule), static_cast<uint32_t>(N), parameter, dtypes};
}

/// An input or an output; see tn_formal. `type`: a parameter of the operator's type rules, or "tensor(int64)".
constexpr tn_formal formal(const char* name, const char* type) {
  return tn_formal{sizeof(tn_formal), TN_SINGLE, name, type, 0, false};
}
/// One that may be left out.
constexpr tn_formal optional_formal(const char* name, const char* type) {
  return tn_formal{sizeof(tn_formal), TN_OPTIONAL, name, type, 0, false};
}
/// The last of its list: `least` tensors or more. `mixed`: they may differ in type.
constexpr tn_formal variadic_formal(const char* name, const char* type, uint32_t least = 1, bool mixed = false) {
  return tn_formal{sizeof(tn_formal), TN_VARIADIC, name, type, least, mixed};
}

/// An attribute without a default, of a tn_attr_kind.
constexpr tn_attribute attribute_of(const char* name, tn_attr_kind kind, bool required) {
  tn_attribute a{};
  a.struct_size = sizeof a;
  a.kind = kind;
  a.name = name;
  a.required = required;
  return a;
}
constexpr tn_attribute required_attribute(const char* name, tn_attr_kind kind) {
  return attribute_of(name, kind, true);
}
constexpr tn_attribute optional_attribute(const char* name, tn_attr_kind kind) {
  return attribute_of(name, kind, false);
}
/// With a default. A list has static storage.
constexpr tn_attribute attribute(const char* name, int64_t default_value) {
  tn_attribute a = attribute_of(name, TN_ATTR_INT, false);
  a.has_default = true;
  a.default_int = default_value;
  return a;
}
constexpr tn_attribute attribute(const char* name, float default_value) {
  tn_attribute a = attribute_of(name, TN_ATTR_FLOAT, false);
  a.has_default = true;
  a.default_float = default_value;
  return a;
}
constexpr tn_attribute attribute(const char* name, const char* default_value) {
  tn_attribute a = attribute_of(name, TN_ATTR_STRING, false);
  a.has_default = true;
  a.default_string = default_value;
  return a;
}
template <size_t N>
constexpr tn_attribute attribute(const char* name, const int64_t (&default_value)[N]) {
  tn_attribute a = attribute_of(name, TN_ATTR_INTS, false);
  a.has_default = true;
  a.default_ints = default_value;
  a.default_count = static_cast<uint32_t>(N);
  return a;
}

/// What an infer function works with: the node, whose inputs tell what is known, and its outputs. thread: open.
class InferContext {
 public:
  InferContext(const Instance& instance, const tn_infer_args* args) : instance_(instance), args_(args) {}
  const Instance& instance() const { return instance_; }
  NodeView node() const { return NodeView(instance_.host->graph, args_->node); }
  /// What is known of an input; nothing: it is left out.
  std::optional<TensorView> input(uint32_t i) const {
    const ValueView value = node().input(i);
    return value ? std::optional<TensorView>(value.info()) : std::nullopt;
  }
  /// Output i has this shape, -1 for dimensions that are not known, and the type that its formal gives, or `dtype`. An
  /// output that the node leaves out does not count.
  Status set_output(uint32_t i, ShapeView shape, tn_dtype dtype = TN_UNDEFINED) const {
    return adopt(instance_.host, args_->set_output(args_, i, dtype, static_cast<uint32_t>(shape.size()), shape.data()));
  }
  /// The type alone.
  Status set_dtype(uint32_t i, tn_dtype dtype) const {
    return adopt(instance_.host, args_->set_output(args_, i, dtype, TN_RANK_UNKNOWN, nullptr));
  }

 private:
  const Instance& instance_;
  const tn_infer_args* args_;
};

/// Says what follows of the outputs; what it does not know it leaves out. An error, such as invalid_model("axis 3 is
/// past the rank"), ends the opening of the session.
using InferFunction = Status (*)(const InferContext& context);

namespace detail {

template <InferFunction infer>
tn_status* provider_infer(tn_provider_instance* raw, const tn_infer_args* args) {
  const Instance& instance = *reinterpret_cast<Instance*>(raw);
  return guard(instance.host, [&] { return infer(InferContext(instance, args)); });
}

}  // namespace detail

/// A list of attributes with its length.
struct AttributeList {
  const tn_attribute* attributes = nullptr;
  uint32_t count = 0;
  constexpr AttributeList() = default;
  template <size_t N>
  constexpr AttributeList(const tn_attribute (&a)[N]) : attributes(a), count(static_cast<uint32_t>(N)) {}
};

/// One form of an operator, without an infer function; see tn_operator. All lists have static storage.
template <size_t I, size_t O>
constexpr tn_operator operator_def(const char* domain, const char* op_type, int since_version,
                                   const tn_formal (&inputs)[I], const tn_formal (&outputs)[O], TypeRules types = {},
                                   AttributeList attributes = {}, uint32_t flags = 0) {
  return tn_operator{sizeof(tn_operator),
                     flags,
                     domain,
                     op_type,
                     since_version,
                     static_cast<uint32_t>(I),
                     static_cast<uint32_t>(O),
                     types.count,
                     attributes.count,
                     sizeof(tn_formal),
                     sizeof(tn_type_rule),
                     sizeof(tn_attribute),
                     inputs,
                     outputs,
                     types.rules,
                     attributes.attributes,
                     nullptr};
}
/// With one.
template <InferFunction infer, size_t I, size_t O>
constexpr tn_operator operator_def(const char* domain, const char* op_type, int since_version,
                                   const tn_formal (&inputs)[I], const tn_formal (&outputs)[O], TypeRules types = {},
                                   AttributeList attributes = {}, uint32_t flags = 0) {
  tn_operator op = operator_def(domain, op_type, since_version, inputs, outputs, types, attributes, flags);
  op.infer = detail::provider_infer<infer>;
  return op;
}

}  // namespace TENON_SDK_VERSION
}  // namespace tenon::sdk
