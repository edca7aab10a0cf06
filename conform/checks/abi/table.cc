// Lines of the tables that nothing can ever use: what a provider has and does not give.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "conform/checks/abi/raw_plugin.h"
#include "conform/checks/library_checks.h"
#include "host/graph/schema.h"
#include "host/plugins/loading/table_check.h"

namespace tenon::conform {
namespace {

using host::concat;

std::string name_of(const tn_kernel_def& def) {
  return concat("line ", def.domain[0] == '\0' ? "" : concat(def.domain, "."), def.op_type, " from opset ",
                def.since_version);
}

/// The forms of the operator that the line takes; nothing where the host has no schema of it.
std::vector<const host::OpSchema*> forms_of(const tn_kernel_def& def) {
  std::vector<const host::OpSchema*> forms;
  int64_t opset = def.last_version == 0 ? host::newest_opset(def.domain) : def.last_version;
  while (opset >= def.since_version) {
    const host::OpSchema* schema = host::find_schema(def.domain, def.op_type, opset);
    if (schema == nullptr || schema->since_version < def.since_version) break;
    forms.push_back(schema);
    opset = schema->since_version - 1;
  }
  return forms;
}

/// Whether the rule allows a type that the form does; true where the form has no such parameter.
bool is_usable(const tn_type_rule& rule, const host::OpSchema& form) {
  for (const host::TypeConstraint& constraint : form.constraints) {
    if (constraint.parameter != rule.parameter) continue;
    for (uint32_t t = 0; t < rule.count; ++t)
      if (rule.dtypes[t] < 64 && (constraint.tensor_types >> rule.dtypes[t] & 1) != 0) return true;
    return false;
  }
  return true;
}

bool has_parameter(const std::vector<const host::OpSchema*>& forms, std::string_view parameter) {
  for (const host::OpSchema* form : forms)
    for (const host::TypeConstraint& constraint : form->constraints)
      if (constraint.parameter == parameter) return true;
  return false;
}

/// Why the line can never be used as it stands; empty: it can.
std::string fault_of(const tn_kernel_def& def) {
  if (host::first_schema(def.domain, def.op_type) == nullptr) return {};
  const auto forms = forms_of(def);
  if (forms.empty()) return concat(name_of(def), " takes no form of the operator");
  for (uint32_t i = 0; i < def.type_count; ++i) {
    const tn_type_rule& rule = host::type_rule_at(def, i);
    if (!has_parameter(forms, rule.parameter))
      return concat(name_of(def), ": the operator has no type parameter '", rule.parameter, "'");
    if (std::none_of(forms.begin(), forms.end(), [&](const auto* form) { return is_usable(rule, *form); }))
      return concat(name_of(def), ": none of the types of its rule for ", rule.parameter,
                    " is one that the operator allows");
  }
  return {};
}

/// An operator that is described and computed by no line.
std::optional<Outcome> check_described(const tn_provider& table) {
  std::set<std::string> computed;
  for (uint32_t i = 0; i < table.kernel_count; ++i) {
    const tn_kernel_def& def = host::kernel_def_at(table, i);
    computed.insert(concat(def.domain, ":", def.op_type));
  }
  const uint32_t count = TN_HAS(&table, operator_stride) ? table.operator_count : 0;
  const char* line = reinterpret_cast<const char*>(table.operators);
  for (uint32_t i = 0; i < count; ++i, line += table.operator_stride) {
    const auto& described = *reinterpret_cast<const tn_operator*>(line);
    // Claims may compute what no line does.
    if (table.claim == nullptr && !computed.contains(concat(described.domain, ":", described.op_type)))
      return Outcome::fail("under-claims", concat("the operator ", described.domain, ".", described.op_type,
                                                  " is described, and no line of the kernel table is for it"));
  }
  return std::nullopt;
}

}  // namespace

Outcome check_abi_table(const Subject& subject) {
  const RawPlugin plugin(subject);
  const tn_provider& table = plugin.table();
  std::string faults;
  for (uint32_t i = 0; i < table.kernel_count; ++i)
    if (const std::string fault = fault_of(host::kernel_def_at(table, i)); !fault.empty())
      faults += (faults.empty() ? "" : "; ") + fault;
  if (!faults.empty()) return Outcome::fail("line-unusable", faults);
  if (auto outcome = check_described(table)) return *std::move(outcome);
  if (table.kernel_count == 0 && table.claim == nullptr)
    return Outcome::fail("under-claims", "it has neither a kernel nor a claim hook");
  return Outcome::pass(concat(table.kernel_count, " kernels"));
}

}  // namespace tenon::conform
