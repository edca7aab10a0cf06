#include "tools/operators_page.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "host/base/dtype.h"
#include "host/graph/operators/facts.h"
#include "host/graph/schema.h"
#include "host/runtime/host_ops/host_operator.h"

namespace tenon::tools {
namespace {

using host::OpSchema;
using nlohmann::json;
using Forms = std::vector<const OpSchema*>;  // of one operator, by version

constexpr char kHead[] = R"(# Operators
Written by `tenon providers cpu_blas cpu_ref --markdown` from the tables of host and providers; a test of `./check` fails while it is
behind them.

- *forms*: the opsets that changed the operator; in parentheses: withdrawn.
- *the host knows*: what its row in `host/graph/operators/facts.inc` says (`facts.h` explains the words). *shape*: memory can be
  planned ahead. *runs it*: no provider is asked, it is one of `host/runtime/host_ops/host_operator.cc`.
- `cpu_image` has no column: it has ImageDecoder alone, and by default comes where a model has one, behind the others.
- a provider's column: the forms that it has kernels of, and the types where it does not take all that the form allows.
- what no provider takes and the specification defines by other operators, such as BlackmanWindow, is expanded into those, and
  `Gradient` into the derivatives of `host/optimize/gradient/derivatives.cc`.

`com.microsoft.nchwc` is what ONNX Runtime writes into convolutional models at its level ORT_ENABLE_ALL. Their channels lie in
blocks of 16 where it ran on a processor with AVX-512, else of 8, which the models do not say: the kernels conclude it from the
channels of some node. Where all are multiples of 16 they warn, and take the block that onnxruntime has on this processor.

Of what ONNX Runtime's CPU provider has in `com.microsoft` there are no kernels here of: BeamSearch, GreedySearch, Sampling and
WhisperBeamSearch, which hold whole models and generate with them; SparseToDenseMatMul, as there are no sparse inputs;
MatMulFpQ4, whose weights ONNX Runtime packs for one kind of processor in an order that no document tells. CausalConvWithState,
LinearAttention and VarlenCausalConvWithState have what that provider has of them: one state, not those of several tokens, one
spatial axis, and taps that stay the same.
)";

// The operators of a table, each with its forms.
std::map<std::string, std::vector<Forms>> by_domain() {
  std::map<std::string, std::vector<Forms>> domains;
  for (const std::span<const OpSchema> table : {host::onnx_schemas(), host::contrib_schemas()})
    for (const OpSchema& schema : table) {
      std::vector<Forms>& operators = domains[std::string(schema.domain)];
      if (operators.empty() || operators.back().front()->op_type != schema.op_type) operators.emplace_back();
      operators.back().push_back(&schema);
    }
  for (auto& [domain, operators] : domains)
    std::sort(operators.begin(), operators.end(),
              [](const Forms& a, const Forms& b) { return a.front()->op_type < b.front()->op_type; });
  return domains;
}

void append(std::string& text, const std::string& part, const char* separator) {
  if (!text.empty()) text += separator;
  text += part;
}

std::string forms_text(const Forms& forms) {
  std::string text;
  for (const OpSchema* form : forms) {
    const std::string version = std::to_string(form->since_version);
    append(text, form->deprecated ? "(" + version + ")" : version, " ");
  }
  return text;
}

std::string facts_text(const OpSchema& schema) {
  std::string text;
  for (const std::string_view name : host::fact_names(host::facts_of(schema))) append(text, std::string(name), ", ");
  for (const host::HostOperator& op : host::host_operators())
    if (op.op_type == schema.op_type && op.domain == schema.domain)
      append(text, op.values == host::HostOperator::Values::kAll ? "runs it" : "runs it where it reads no tensor",
             ", ");
  return text;
}

// The types of a rule, unless each form in the line's range allows no others.
std::string types_text(const json& line, const std::string& parameter, const json& dtypes, const Forms& forms) {
  uint64_t taken = 0, missing = 0;
  for (const uint32_t dtype : dtypes) taken |= uint64_t{1} << dtype;
  const int first = line.at("since_version"), last = line.at("last_version");
  for (const OpSchema* form : forms)
    for (const host::TypeConstraint& constraint : form->constraints)
      if (constraint.parameter == parameter && form->since_version >= first &&
          (last == 0 || form->since_version <= last))
        missing |= constraint.tensor_types & ~taken;
  if (missing == 0) return "";
  std::string names;
  for (const uint32_t dtype : dtypes) append(names, host::dtype_name(dtype), " ");
  return parameter + ": " + names;
}

std::string line_text(const json& line, const Forms& forms) {
  const int first = line.at("since_version"), last = line.at("last_version");
  std::string text = std::to_string(first);
  if (last == 0) text += "+";
  if (last > first) text += "-" + std::to_string(last);
  std::string types;
  for (const auto& [parameter, dtypes] : line.at("types").items())
    if (const std::string part = types_text(line, parameter, dtypes, forms); !part.empty()) append(types, part, ", ");
  return types.empty() ? text : text + " (" + types + ")";
}

std::string provider_text(const json& provider, const Forms& forms) {
  std::string text;
  for (const json& line : provider.at("lines"))
    if (line.at("domain") == forms.front()->domain && line.at("operator") == forms.front()->op_type)
      append(text, line_text(line, forms), "; ");
  return text;
}

}  // namespace

std::string operators_page(const json& providers) {
  std::string page = kHead, header = "| operator | forms | the host knows |", rule = "|---|---|---|";
  std::vector<const json*> columns;
  for (const json& provider : providers) {
    if (!provider.contains("lines")) continue;
    columns.push_back(&provider);
    header += " " + provider.at("name").get<std::string>() + " |";
    rule += "---|";
  }
  for (const auto& [domain, operators] : by_domain()) {
    page += "\n## " + (domain.empty() ? "ai.onnx" : domain) + "\n" + header + "\n" + rule + "\n";
    for (const Forms& forms : operators) {
      page += "| " + std::string(forms.front()->op_type) + " | " + forms_text(forms) + " | " +
              facts_text(*forms.front()) + " |";
      for (const json* provider : columns) page += " " + provider_text(*provider, forms) + " |";
      page += "\n";
    }
  }
  return page;
}

}  // namespace tenon::tools
