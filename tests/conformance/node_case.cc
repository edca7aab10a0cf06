#include "tests/conformance/node_case.h"

#include <stdexcept>
#include <tenon/tenon.hpp>

#include "host/formats/importer.h"
#include "host/optimize/expand.h"
#include "host/optimize/gradient/expand_gradients.h"
#include "host/runtime/host_ops/host_operator.h"
#include "tools/support/data_set.h"
#include "tools/support/text.h"

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

void run_data_set(Session& session, const NodeCase& node_case, const std::filesystem::path& folder) {
  const tools::DataSet set = tools::read_data_set(folder, session);
  const Results outputs = session.run_values(set.inputs);
  if (outputs.size() != set.outputs.size())
    tools::fail(TENON_INTERNAL, "got ", outputs.size(), " outputs, expected ", set.outputs.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    const auto result = tools::compare(outputs.value(i), set.outputs[i].value, node_case.tolerance);
    if (!result.equal) tools::fail(TENON_INTERNAL, "output '", set.outputs[i].name, "' ", result.reason);
  }
}

void run_all(const NodeCase& node_case, const std::string& providers) {
  Session session(model_file(node_case).string(), Options().providers(providers).threads(1));
  for (const auto& folder : tools::find_data_sets(node_case.folder)) run_data_set(session, node_case, folder);
}

// Its definition takes its place.
bool is_defined_by_others(const host::Node& node) {
  return host::is_gradient(node) || (node.schema != nullptr && host::is_defined_by_others(*node.schema));
}

}  // namespace

NodeRunner::NodeRunner(const std::string& providers) : providers_(providers) {
  auto specs = host::parse_provider_list(providers);
  if (!specs.is_ok()) throw std::runtime_error(specs.status().message());
  for (const auto& spec : *specs) {
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
    if (const Status status = host::check_host_node(*node);
        status.code() == TN_UNSUPPORTED && !is_defined_by_others(*node))
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
  try {
    run_all(node_case, providers_);
    return {Kind::kPassed, ""};
  } catch (const std::exception& failure) {
    return {Kind::kFailed, failure.what()};
  }
}

}  // namespace tenon::conformance
