// `tenon providers`: what the search path holds, and why an entry cannot be used.
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

#include "host/plugins/provider.h"
#include "tools/commands.h"
#include "tools/support/terminal.h"

namespace tenon::tools {
namespace {

using host::ProviderLibrary;
using nlohmann::json;

constexpr char kExamples[] =
    "Examples:\n"
    "  tenon providers\n"
    "  TENON_PROVIDER_PATH=/opt/plugins tenon providers --json";

struct Operators {
  size_t kernels = 0;
  std::set<std::string> names;  // with the domain unless it is ONNX's own
};

Operators operators_of(const tn_provider& table) {
  Operators operators;
  operators.kernels = table.kernel_count;
  const char* line = reinterpret_cast<const char*>(table.kernels);
  for (uint32_t i = 0; i < table.kernel_count; ++i, line += table.kernel_stride) {
    const auto* kernel = reinterpret_cast<const tn_kernel_def*>(line);
    const std::string domain = kernel->domain == nullptr ? "" : kernel->domain;
    operators.names.insert((domain.empty() ? "" : domain + ".") + kernel->op_type);
  }
  return operators;
}

json to_json(const ProviderLibrary::Found& found) {
  json entry{{"path", found.path.string()}, {"usable", found.library.is_ok()}};
  if (!found.library.is_ok()) {
    entry["error"] = found.library.status().message();
    return entry;
  }
  const ProviderLibrary& library = *found.library.value();
  const Operators operators = operators_of(library.table());
  entry["name"] = library.name();
  entry["version"] = library.version();
  entry["abi_version"] = library.table().abi_version;
  entry["kernels"] = operators.kernels;
  entry["operators"] = operators.names;
  entry["claims_nodes"] = library.table().claim != nullptr;
  return entry;
}

void print(const ProviderLibrary::Found& found) {
  if (!found.library.is_ok()) {
    std::printf("%s\n  cannot be used: %s\n", found.path.c_str(), found.library.status().message().c_str());
    return;
  }
  const ProviderLibrary& library = *found.library.value();
  const Operators operators = operators_of(library.table());
  std::printf("%s %s  %zu operators in %zu kernels%s\n  %s\n", bold(library.name()).c_str(), library.version().c_str(),
              operators.names.size(), operators.kernels,
              library.table().claim != nullptr ? ", claims groups of nodes" : "", found.path.c_str());
}

host::Result<bool> list_providers(bool as_json) {
  const auto all = ProviderLibrary::list();
  if (as_json) {
    json entries = json::array();
    for (const auto& found : all) entries.push_back(to_json(found));
    std::printf("%s\n", entries.dump(2, ' ', false, json::error_handler_t::replace).c_str());
    return true;
  }
  for (const auto& found : all) print(found);
  if (all.empty())
    return host::error(TN_NOT_FOUND, "no provider found: set TENON_PROVIDER_PATH to the folder that holds them");
  return true;
}

}  // namespace

void add_providers_command(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("providers", "List the providers that can be found");
  const auto as_json = std::make_shared<bool>(false);
  command->add_flag("--json", *as_json, "Print JSON");
  command->footer(kExamples);
  command->callback([as_json, &action] { action = [as_json] { return list_providers(*as_json); }; });
}

}  // namespace tenon::tools
