#include "host/isolation/worker/describe.h"

#include "host/plugins/loading/check_parts.h"

namespace tenon::host {
namespace {

void put_formals(const tn_formal* formals, uint32_t count, uint32_t stride,
                 std::vector<std::unique_ptr<wire::FormalT>>& list) {
  for (uint32_t i = 0; i < count; ++i) {
    const tn_formal& formal = stepped(formals, stride, i);
    auto made = std::make_unique<wire::FormalT>();
    made->name = formal.name;
    made->type = formal.type;
    made->arity = formal.arity;
    made->least = formal.least;
    made->mixed = formal.mixed;
    list.push_back(std::move(made));
  }
}

std::unique_ptr<wire::AttributeSpecT> spec_of(const tn_attribute& attribute) {
  auto made = std::make_unique<wire::AttributeSpecT>();
  made->name = attribute.name;
  made->kind = attribute.kind;
  made->required = attribute.required;
  made->has_default = attribute.has_default;
  if (!attribute.has_default) return made;
  const uint32_t count = attribute.default_count;
  made->default_int = attribute.default_int;
  made->default_float = attribute.default_float;
  if (attribute.kind == TN_ATTR_STRING) made->default_string = attribute.default_string;
  if (attribute.kind == TN_ATTR_INTS && count > 0)
    made->default_ints.assign(attribute.default_ints, attribute.default_ints + count);
  if (attribute.kind == TN_ATTR_FLOATS && count > 0)
    made->default_floats.assign(attribute.default_floats, attribute.default_floats + count);
  if (attribute.kind == TN_ATTR_STRINGS && count > 0)
    made->default_strings.assign(attribute.default_strings, attribute.default_strings + count);
  return made;
}

}  // namespace

std::vector<std::unique_ptr<wire::OperatorT>> described_operators(const tn_provider& table) {
  std::vector<std::unique_ptr<wire::OperatorT>> list;
  for (uint32_t i = 0; i < table.operator_count; ++i) {
    const tn_operator& op = stepped(table.operators, table.operator_stride, i);
    auto made = std::make_unique<wire::OperatorT>();
    made->domain = op.domain;
    made->op_type = op.op_type;
    made->since_version = op.since_version;
    made->flags = op.flags;
    made->can_infer = op.infer != nullptr;
    put_formals(op.inputs, op.input_count, op.formal_stride, made->inputs);
    put_formals(op.outputs, op.output_count, op.formal_stride, made->outputs);
    for (uint32_t t = 0; t < op.type_count; ++t) {
      const tn_type_rule& rule = stepped(op.types, op.type_stride, t);
      auto made_rule = std::make_unique<wire::TypeRuleT>();
      made_rule->parameter = rule.parameter;
      made_rule->dtypes.assign(rule.dtypes, rule.dtypes + rule.count);
      made->types.push_back(std::move(made_rule));
    }
    for (uint32_t a = 0; a < op.attribute_count; ++a)
      made->attributes.push_back(spec_of(stepped(op.attributes, op.attribute_stride, a)));
    list.push_back(std::move(made));
  }
  return list;
}

}  // namespace tenon::host
