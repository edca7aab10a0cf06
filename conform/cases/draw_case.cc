#include "conform/cases/draw_case.h"

#include <algorithm>

#include "conform/cases/case_parts.h"
#include "conform/cases/whole_cases.h"
#include "host/base/dtype.h"

namespace tenon::cases {

uint64_t seed_of(const host::OpSchema& schema, uint64_t seed, int64_t index) {
  uint64_t hash = seed * 0x9e3779b97f4a7c15u + static_cast<uint64_t>(index);
  for (const char c : schema.op_type) hash = hash * 1099511628211u + static_cast<unsigned char>(c);
  return hash * 31 + static_cast<uint64_t>(schema.since_version);
}

TypeChoice draw_types(const SharedOperator& op, Draw& draw) {
  TypeChoice choice;
  for (size_t i = 0; i < op.types.size(); ++i) {
    const SharedOperator::Types& t = op.types[i];
    const host::TypeConstraint& constraint = op.schema->constraints[i];
    std::vector<tn_dtype> all;
    for (int dtype = 0; dtype < 64; ++dtype)
      if ((constraint.tensor_types >> dtype & 1) != 0) all.push_back(static_cast<tn_dtype>(dtype));
    const bool has_float = std::find(t.common.begin(), t.common.end(), TN_FLOAT) != t.common.end();
    const auto& list = t.common.empty() || draw.chance(5) ? all : t.common;
    choice[t.parameter] = has_float && draw.chance(35) ? TN_FLOAT : draw.pick(list);
  }
  return choice;
}

tn_dtype type_of(const host::FormalParameter& formal, const TypeChoice& types) {
  const auto found = types.find(formal.type);
  if (found != types.end()) return found->second;
  const std::string_view text = formal.type;  // "tensor(int64)"
  const size_t begin = text.find('(');
  return begin == text.npos ? TN_FLOAT : host::dtype_from_name(text.substr(begin + 1, text.size() - begin - 2));
}

Case draw_case(const SharedOperator& op, Draw& draw) {
  const TypeChoice types = draw_types(op, draw);
  return draw_case(*op.schema, types, draw);
}

Case draw_case(const host::OpSchema& schema, const TypeChoice& types, Draw& draw) {
  Case c;
  c.schema = &schema;
  const Shape x = draw_first_shape(schema, draw);
  // One at least: a node that nobody reads is not run where it is seen to be one.
  const auto least = std::max<int64_t>(schema.min_outputs, 1), most = std::min<int64_t>(schema.max_outputs, 5);
  c.outputs.assign(static_cast<size_t>(draw.chance(60) && most < 4 ? least : draw.between(least, most)), true);
  for (size_t i = 1; i < c.outputs.size(); ++i)
    if (draw.chance(10)) c.outputs[i] = false;
  const WholeCase* whole = find_whole_case(schema);
  const std::string_view chosen = whole == nullptr || whole->choices.empty() ? "" : draw.pick(whole->choices);
  const auto is_passed_over = [&](std::string_view name) {
    return !chosen.empty() && name != chosen &&
           std::find(whole->choices.begin(), whole->choices.end(), name) != whole->choices.end();
  };
  const auto chance_of = [&](const host::AttributeSchema& attribute) {
    if (is_passed_over(attribute.name)) return 3;
    if (whole == nullptr || !whole->is_tight) return attribute.required ? 97 : 40;
    return whole_attribute(schema, attribute.name) ? 98 : 5;
  };
  for (const host::AttributeSchema& attribute : schema.attributes)
    if (draw.chance(chance_of(attribute))) c.attributes.push_back(draw_attribute(c, attribute, x, draw));
  draw_inputs(&c, family_of(schema), types, x, draw);
  return c;
}

}  // namespace tenon::cases
