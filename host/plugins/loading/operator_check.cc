#include "host/plugins/loading/operator_check.h"

#include <set>
#include <string>
#include <tuple>

#include "host/base/dtype.h"
#include "host/plugins/abi/abi_sizes.h"
#include "host/plugins/loading/check_parts.h"

namespace tenon::host {
namespace {

constexpr uint32_t kMaxOperators = 1u << 16;
constexpr uint32_t kMaxTypes = 1u << 10;
constexpr uint32_t kMaxFormals = 1u << 10;
constexpr uint32_t kMaxAttributes = 1u << 10;
constexpr uint32_t kMaxDefaults = 1u << 16;
constexpr uint32_t kKnownOperatorFlags = TN_OPERATOR_NOT_DETERMINISTIC;

bool is_element_type(std::string_view type) {
  return type.starts_with("tensor(") && type.ends_with(")") &&
         dtype_from_name(type.substr(7, type.size() - 8)) != TN_UNDEFINED;
}

bool has_rule(const tn_operator& op, std::string_view parameter) {
  for (uint32_t i = 0; i < op.type_count; ++i)
    if (stepped(op.types, op.type_stride, i).parameter == parameter) return true;
  return false;
}

Status check_formal(const tn_operator& op, const tn_formal& formal, bool is_last) {
  TENON_RETURN_IF_ERROR(check_size("it", formal.struct_size, kFormalSizeV1));
  TENON_RETURN_IF_ERROR(check_present("its name or type", formal.name != nullptr && formal.type != nullptr));
  if (formal.arity > TN_VARIADIC) return error(TN_INTERNAL, "its arity is ", formal.arity, ", not one of tn_arity");
  if (formal.arity == TN_VARIADIC && !is_last) return error(TN_INTERNAL, "it is variadic, but not the last");
  if (formal.least > kMaxFormals) return error(TN_INTERNAL, "its least is ", formal.least, ", more than ", kMaxFormals);
  if (is_element_type(formal.type) || has_rule(op, formal.type)) return {};
  return error(TN_INTERNAL, "its type '", formal.type,
               "' is neither the parameter of a type rule nor one such as tensor(float)");
}

Status check_formals(const tn_operator& op, const char* what, const tn_formal* formals, uint32_t count) {
  TENON_RETURN_IF_ERROR(check_list(what, count, kMaxFormals, "their list", formals));
  TENON_RETURN_IF_ERROR(check_stride("formal_stride", count, op.formal_stride, kFormalSizeV1));
  for (uint32_t i = 0; i < count; ++i) {
    const Status formal = check_formal(op, stepped(formals, op.formal_stride, i), i + 1 == count);
    if (!formal.is_ok()) return formal.with_context(concat("entry ", i, " of its ", what));
  }
  return {};
}

Status check_default(const tn_attribute& a) {
  switch (a.kind) {
    case TN_ATTR_INT:
    case TN_ATTR_FLOAT: return {};
    case TN_ATTR_STRING: return check_present("its default_string", a.default_string != nullptr);
    case TN_ATTR_INTS:
      return check_list("default_count", a.default_count, kMaxDefaults, "default_ints", a.default_ints);
    case TN_ATTR_FLOATS:
      return check_list("default_count", a.default_count, kMaxDefaults, "default_floats", a.default_floats);
    case TN_ATTR_STRINGS: {
      TENON_RETURN_IF_ERROR(
          check_list("default_count", a.default_count, kMaxDefaults, "default_strings", a.default_strings));
      for (uint32_t i = 0; i < a.default_count; ++i)
        TENON_RETURN_IF_ERROR(check_present("a default string", a.default_strings[i] != nullptr));
      return {};
    }
    default: return error(TN_INTERNAL, "an attribute of kind ", a.kind, " cannot have a default");
  }
}

Status check_attribute(const tn_attribute& a) {
  TENON_RETURN_IF_ERROR(check_size("it", a.struct_size, kAttributeSizeV1));
  TENON_RETURN_IF_ERROR(check_present("its name", a.name != nullptr));
  const bool is_known = (a.kind >= TN_ATTR_FLOAT && a.kind <= TN_ATTR_GRAPHS) || a.kind == TN_ATTR_TYPE;
  if (!is_known) return error(TN_INTERNAL, "its kind is ", a.kind, ", not one of tn_attr_kind");
  if (a.required && a.has_default) return error(TN_INTERNAL, "it is required and has a default");
  return a.has_default ? check_default(a) : Status();
}

Status check_attributes(const tn_operator& op) {
  TENON_RETURN_IF_ERROR(check_list("attribute_count", op.attribute_count, kMaxAttributes, "attributes", op.attributes));
  TENON_RETURN_IF_ERROR(check_stride("attribute_stride", op.attribute_count, op.attribute_stride, kAttributeSizeV1));
  std::set<std::string_view> names;
  for (uint32_t i = 0; i < op.attribute_count; ++i) {
    const tn_attribute& a = stepped(op.attributes, op.attribute_stride, i);
    Status sound = check_attribute(a);
    if (sound.is_ok() && !names.insert(a.name).second) sound = error(TN_INTERNAL, "its name is there twice");
    if (!sound.is_ok()) return sound.with_context(concat("entry ", i, " of its attributes"));
  }
  return {};
}

Status check_operator(const tn_operator& op) {
  TENON_RETURN_IF_ERROR(check_size("it", op.struct_size, kOperatorSizeV1));
  TENON_RETURN_IF_ERROR(check_present("its domain or op_type", op.domain != nullptr && op.op_type != nullptr));
  const std::string_view domain(op.domain);
  if (domain.empty() || domain == "ai.onnx")
    return error(TN_INTERNAL, "its domain is '", domain, "': the operators of ONNX are the host's to describe");
  if (op.since_version < 1) return error(TN_INTERNAL, "its since_version is ", op.since_version, ", below 1");
  if ((op.flags & ~kKnownOperatorFlags) != 0)
    return error(TN_INTERNAL, "it has the flags ", op.flags, ", of which this host knows ", kKnownOperatorFlags,
                 " only");
  TENON_RETURN_IF_ERROR(check_type_rules(op.types, op.type_count, op.type_stride));
  TENON_RETURN_IF_ERROR(check_formals(op, "inputs", op.inputs, op.input_count));
  TENON_RETURN_IF_ERROR(check_formals(op, "outputs", op.outputs, op.output_count));
  return check_attributes(op);
}

}  // namespace

Status check_type_rules(const tn_type_rule* rules, uint32_t count, uint32_t stride) {
  TENON_RETURN_IF_ERROR(check_list("type_count", count, kMaxTypes, "types", rules));
  TENON_RETURN_IF_ERROR(check_stride("type_stride", count, stride, kTypeRuleSizeV1));
  for (uint32_t i = 0; i < count; ++i) {
    const tn_type_rule& rule = stepped(rules, stride, i);
    TENON_RETURN_IF_ERROR(check_size("a type rule", rule.struct_size, kTypeRuleSizeV1));
    TENON_RETURN_IF_ERROR(check_present("the parameter of a type rule", rule.parameter != nullptr));
    const Status listed = check_list("count", rule.count, kMaxTypes, "dtypes", rule.dtypes);
    if (!listed.is_ok()) return listed.with_context(concat("the rule for type parameter ", rule.parameter));
  }
  return {};
}

Status check_operators(const tn_provider& table) {
  TENON_RETURN_IF_ERROR(
      check_list("operator_count", table.operator_count, kMaxOperators, "operators", table.operators));
  TENON_RETURN_IF_ERROR(check_stride("operator_stride", table.operator_count, table.operator_stride, kOperatorSizeV1));
  std::set<std::tuple<std::string_view, std::string_view, int32_t>> forms;
  for (uint32_t i = 0; i < table.operator_count; ++i) {
    const tn_operator& op = stepped(table.operators, table.operator_stride, i);
    Status sound = check_operator(op);
    if (sound.is_ok() && !forms.emplace(op.domain, op.op_type, op.since_version).second)
      sound = error(TN_INTERNAL, "its form of version ", op.since_version, " is described twice");
    if (!sound.is_ok()) return sound.with_context(concat("operator ", i, " that the provider describes"));
  }
  return {};
}

}  // namespace tenon::host
