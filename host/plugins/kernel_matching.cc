#include "host/plugins/kernel_matching.h"

#include <algorithm>
#include <optional>
#include <span>

#include "host/base/dtype.h"
#include "host/graph/schema.h"
#include "host/plugins/loading/table_check.h"

namespace tenon::host {
namespace {

// "Relu", "com.microsoft.FusedConv".
std::string operator_name(std::string_view domain, std::string_view op_type) {
  return domain.empty() ? std::string(op_type) : concat(domain, ".", op_type);
}

// What stands for the form of a node without a schema; 0: nothing does.
int64_t version_of(const Node& node) {
  return node.schema != nullptr ? node.since_version : opset_of(node);
}

bool version_fits(const tn_kernel_def& def, int64_t since_version) {
  if (since_version == 0) return true;
  return def.since_version <= since_version && (def.last_version == 0 || since_version <= def.last_version);
}

std::string version_text(const tn_kernel_def& def) {
  if (def.last_version == 0) return concat(def.since_version, " and later");
  if (def.last_version == def.since_version) return concat(def.since_version);
  return concat(def.since_version, " to ", def.last_version);
}

std::string list_of_types(const tn_type_rule& rule) {
  std::string text;
  for (uint32_t i = 0; i < rule.count; ++i) text += (i == 0 ? "" : ", ") + dtype_name(rule.dtypes[i]);
  return text;
}

std::string dtype_text(const Value& value) {
  return value.type.dtype == TN_UNDEFINED ? "an unknown type" : dtype_name(value.type.dtype);
}

// The order of lines; most names are told apart by their length.
const auto is_before = [](const auto& a, const auto& b) {
  if (a.op_type.size() != b.op_type.size()) return a.op_type.size() < b.op_type.size();
  const int order = a.op_type.compare(b.op_type);
  return order != 0 ? order < 0 : a.domain < b.domain;
};

// Why the values do not keep the rule; nothing when they do. `which`: "input" or "output".
std::optional<std::string> breach(const tn_type_rule& rule, const std::vector<Value*>& values,
                                  std::span<const FormalParameter> formals, const char* which) {
  for (size_t i = 0; i < values.size(); ++i) {
    const FormalParameter* formal = formal_parameter(formals, i);
    if (values[i] == nullptr || formal == nullptr || formal->type != rule.parameter) continue;
    const uint32_t dtype = values[i]->type.dtype;
    if (std::find(rule.dtypes, rule.dtypes + rule.count, dtype) != rule.dtypes + rule.count) continue;
    return concat(rule.parameter, " = ", dtype_text(*values[i]), " (", which, " ", i, ", '", values[i]->name,
                  "'); it takes ", list_of_types(rule));
  }
  return std::nullopt;
}

// Without a schema nothing says which input a rule is of: each must then be of a type that some rule lists.
std::optional<std::string> breach_of_all(const tn_kernel_def& def, const Node& node) {
  const auto is_listed = [&](uint32_t dtype) {
    for (uint32_t i = 0; i < def.type_count; ++i) {
      const tn_type_rule& rule = type_rule_at(def, i);
      if (std::find(rule.dtypes, rule.dtypes + rule.count, dtype) != rule.dtypes + rule.count) return true;
    }
    return false;
  };
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const Value* value = node.inputs[i];
    if (value == nullptr || is_listed(value->type.dtype)) continue;
    return concat(dtype_text(*value), " (input ", i, ", '", value->name,
                  "'); the host has no schema of the operator, so the type of every input must stand in a rule");
  }
  return std::nullopt;
}

std::optional<std::string> breach(const tn_kernel_def& def, const Node& node) {
  if (node.schema == nullptr) return def.type_count > 0 ? breach_of_all(def, node) : std::nullopt;
  for (uint32_t i = 0; i < def.type_count; ++i) {
    if (auto found = breach(type_rule_at(def, i), node.inputs, node.schema->inputs, "input")) return found;
    if (auto found = breach(type_rule_at(def, i), node.outputs, node.schema->outputs, "output")) return found;
  }
  return std::nullopt;
}

// The first value of the node that is no tensor; nullptr when all are.
const Value* non_tensor(const Node& node) {
  for (const auto* values : {&node.inputs, &node.outputs})
    for (const Value* v : *values)
      if (v != nullptr && v->type.kind != ValueType::Kind::kTensor) return v;
  return nullptr;
}

}  // namespace

KernelIndex::KernelIndex(const tn_provider& table) {
  lines_.reserve(table.kernel_count);
  for (uint32_t i = 0; i < table.kernel_count; ++i) {
    const tn_kernel_def& def = kernel_def_at(table, i);
    lines_.push_back({def.op_type, def.domain, &def});
    has_preferred_ = has_preferred_ || (def.flags & TN_KERNEL_PREFERRED) != 0;
  }
  std::stable_sort(lines_.begin(), lines_.end(), is_before);
}

std::span<const KernelIndex::Line> KernelIndex::lines_of(const Node& node) const {
  const Line wanted{node.op_type, node.domain, nullptr};
  const auto [begin, end] = std::equal_range(lines_.begin(), lines_.end(), wanted, is_before);
  return {begin, end};
}

bool KernelIndex::has_operator(const Node& node) const {
  const auto lines = lines_of(node);
  return std::any_of(lines.begin(), lines.end(),
                     [&](const Line& line) { return version_fits(*line.def, version_of(node)); });
}

KernelIndex::Match KernelIndex::match(const Node& node) const {
  const auto lines = lines_of(node);
  const auto name = [&] { return operator_name(node.domain, node.op_type); };
  if (lines.empty()) return {{}, "no kernel for " + name()};
  if (const Value* other = non_tensor(node))
    return {{}, concat("'", other->name, "' is a ", describe(other->type), ": only tensors cross to providers")};

  Match result;
  std::string versions, types;
  for (const Line& line : lines) {
    const tn_kernel_def* def = line.def;
    if (!version_fits(*def, version_of(node))) {
      versions += (versions.empty() ? "" : ", ") + version_text(*def);
    } else if (const auto found = breach(*def, node)) {
      types += (types.empty() ? "" : "; ") + *found;
    } else {
      result.lines.push_back(def);
    }
  }
  if (!result.lines.empty()) return result;
  // A line of the right version comes closer than one of the right types.
  result.reason = !types.empty() ? concat("its kernel for ", name(), " does not take ", types)
                                 : concat("its kernels for ", name(), " are of opset versions ", versions,
                                          ", the node's form is of ", version_of(node));
  return result;
}

}  // namespace tenon::host
