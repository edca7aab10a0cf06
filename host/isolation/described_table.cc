#include "host/isolation/described_table.h"

namespace tenon::host {
namespace {

// Of the list that the kind of the attribute asks for, whatever else is told.
size_t length_of_default(const wire::AttributeSpecT& spec) {
  switch (spec.kind) {
    case TN_ATTR_INTS: return spec.default_ints.size();
    case TN_ATTR_FLOATS: return spec.default_floats.size();
    case TN_ATTR_STRINGS: return spec.default_strings.size();
    default: return 0;
  }
}

}  // namespace

DescribedTable::DescribedTable(std::vector<std::unique_ptr<wire::OperatorT>> operators, tn_infer_fn infer)
    : operators_(std::move(operators)) {
  for (const auto& described : operators_) {
    tn_operator made{};
    made.struct_size = sizeof made;
    made.flags = described->flags;
    made.domain = described->domain.c_str();
    made.op_type = described->op_type.c_str();
    made.since_version = described->since_version;
    made.input_count = static_cast<uint32_t>(described->inputs.size());
    made.output_count = static_cast<uint32_t>(described->outputs.size());
    made.type_count = static_cast<uint32_t>(described->types.size());
    made.attribute_count = static_cast<uint32_t>(described->attributes.size());
    made.formal_stride = sizeof(tn_formal);
    made.type_stride = sizeof(tn_type_rule);
    made.attribute_stride = sizeof(tn_attribute);
    made.inputs = add_formals(described->inputs);
    made.outputs = add_formals(described->outputs);
    made.types = add_rules(described->types);
    made.attributes = add_attributes(described->attributes);
    made.infer = described->can_infer ? infer : nullptr;
    table_.push_back(made);
  }
}

const tn_formal* DescribedTable::add_formals(const std::vector<std::unique_ptr<wire::FormalT>>& formals) {
  auto& list = formals_.emplace_back();
  for (const auto& formal : formals)
    list.push_back(
        {sizeof(tn_formal), formal->arity, formal->name.c_str(), formal->type.c_str(), formal->least, formal->mixed});
  return list.data();
}

const tn_type_rule* DescribedTable::add_rules(const std::vector<std::unique_ptr<wire::TypeRuleT>>& rules) {
  auto& list = rules_.emplace_back();
  for (const auto& rule : rules)
    list.push_back({sizeof(tn_type_rule), static_cast<uint32_t>(rule->dtypes.size()), rule->parameter.c_str(),
                    rule->dtypes.data()});
  return list.data();
}

const tn_attribute* DescribedTable::add_attributes(
    const std::vector<std::unique_ptr<wire::AttributeSpecT>>& attributes) {
  auto& list = attributes_.emplace_back();
  for (const auto& spec : attributes) {
    auto& texts = texts_.emplace_back();
    for (const std::string& text : spec->default_strings) texts.push_back(text.c_str());
    tn_attribute made{};
    made.struct_size = sizeof made;
    made.kind = spec->kind;
    made.name = spec->name.c_str();
    made.required = spec->required;
    made.has_default = spec->has_default;
    made.default_int = spec->default_int;
    made.default_float = spec->default_float;
    made.default_count = static_cast<uint32_t>(length_of_default(*spec));
    made.default_string = spec->default_string.c_str();
    made.default_ints = spec->default_ints.data();
    made.default_floats = spec->default_floats.data();
    made.default_strings = texts.data();
    list.push_back(made);
  }
  return list.data();
}

}  // namespace tenon::host
