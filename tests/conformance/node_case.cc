#include "tests/conformance/node_case.h"

#include <stdexcept>

#include "host/formats/importer.h"
#include "host/graph/schemas/function_body.h"
#include "host/runtime/host_ops/host_operator.h"
#include "host/session/session.h"
#include "tools/support/data_set.h"

namespace tenon::conformance {
namespace {

using host::concat;
using host::Status;

std::string key(const std::string& domain, const std::string& op_type) {
  return domain + ":" + op_type;
}

void collect_operators(const tn_provider& table, std::set<std::string>& operators) {
  const char* line = reinterpret_cast<const char*>(table.kernels);
  for (uint32_t i = 0; i < table.kernel_count; ++i, line += table.kernel_stride) {
    const auto* kernel = reinterpret_cast<const tn_kernel_def*>(line);
    operators.insert(key(kernel->domain == nullptr ? "" : kernel->domain, kernel->op_type));
  }
}

std::filesystem::path model_file(const NodeCase& node_case) {
  const auto ort = node_case.folder / "model.ort";
  return std::filesystem::exists(ort) ? ort : node_case.folder / "model.onnx";
}

Status run_data_set(host::Session& session, const NodeCase& node_case, const std::filesystem::path& folder) {
  TENON_ASSIGN_OR_RETURN(const auto set, tools::read_data_set(folder, session));
  TENON_ASSIGN_OR_RETURN(const auto outputs, session.run_values(set.inputs));
  if (outputs.size() != set.outputs.size())
    return host::error(TN_INTERNAL, "got ", outputs.size(), " outputs, expected ", set.outputs.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    const auto result = tools::compare(outputs[i], set.outputs[i].value, node_case.tolerance);
    if (!result.equal) return host::error(TN_INTERNAL, "output '", set.outputs[i].name, "' ", result.reason);
  }
  return {};
}

Status run_all(const NodeCase& node_case, const host::SessionOptions& options) {
  TENON_ASSIGN_OR_RETURN(const auto session, host::Session::open(model_file(node_case), options));
  TENON_ASSIGN_OR_RETURN(const auto folders, tools::find_data_sets(node_case.folder));
  for (const auto& folder : folders) TENON_RETURN_IF_ERROR(run_data_set(*session, node_case, folder));
  return {};
}

// Its definition takes its place.
bool is_defined_by_others(const host::Node& node) {
  return node.schema != nullptr && host::find_function(*node.schema, node.since_version) != nullptr;
}

}  // namespace

NodeRunner::NodeRunner(const std::string& providers) {
  auto specs = host::parse_provider_list(providers);
  if (!specs.is_ok()) throw std::runtime_error(specs.status().message());
  providers_ = std::move(*specs);
  for (const auto& spec : providers_) {
    auto provider = host::Provider::create(spec);
    if (!provider.is_ok()) throw std::runtime_error(provider.status().message());
    collect_operators(*(*provider)->table(), operators_);
  }
}

// What the graph has that neither a provider nor the host runs; empty: nothing.
std::string NodeRunner::missing_in(const host::Graph& graph) const {
  for (const auto& node : graph.nodes()) {
    const std::string name = node->domain.empty() ? node->op_type : concat(node->domain, ".", node->op_type);
    if (host::find_host_operator(*node) == nullptr && !host::has_subgraph(*node)) {
      if (operators_.count(key(node->domain, node->op_type)) == 0 && !is_defined_by_others(*node))
        return "no kernel for " + name;
      continue;
    }
    if (const Status status = host::check_host_node(*node); status.code() == TN_UNSUPPORTED)
      return concat(name, ": ", status.message());
    for (const host::Graph* body : host::subgraphs(*node))
      if (std::string missing = missing_in(*body); !missing.empty()) return missing;
  }
  return {};
}

Outcome NodeRunner::run(const NodeCase& node_case) const {
  using Kind = Outcome::Kind;
  if (!node_case.has_data) return {Kind::kNotCovered, "inputs or outputs of a kind that no data set can hold here"};
  const auto model = host::import_model_file(model_file(node_case));
  if (!model.is_ok()) return {Kind::kFailed, model.status().message()};
  const std::string missing = missing_in(*model.value()->graph);
  if (!missing.empty()) return {Kind::kNotCovered, missing};
  host::SessionOptions options;
  options.providers = providers_;
  options.threads = 1;
  const Status status = run_all(node_case, options);
  return status.is_ok() ? Outcome{Kind::kPassed, ""} : Outcome{Kind::kFailed, status.message()};
}

}  // namespace tenon::conformance
