// `tenon providers`: what the search path holds, told from descriptors alone; of the providers that are named, what
// their tables hold, for which each is loaded in a process of its own.
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

#include "host/plugins/loading/cpu_features.h"
#include "host/plugins/loading/provider_library.h"
#include "host/plugins/loading/provider_listing.h"
#include "host/plugins/loading/table_check.h"
#include "tools/commands.h"
#include "tools/operators_page.h"
#include "tools/support/isolated.h"
#include "tools/support/session_flags.h"
#include "tools/support/terminal.h"

namespace tenon::tools {
namespace {

using host::ProviderLibrary;
using nlohmann::json;

constexpr char kExamples[] =
    "Examples:\n"
    "  tenon providers\n"
    "  tenon providers cpu_blas ./build/libmine.so\n"
    "  tenon providers cpu_blas cpu_ref --markdown\n"
    "  TENON_PROVIDER_PATH=/opt/plugins tenon providers --json\n"
    "Without names, nothing is loaded: name, version, ABI and CPU features are read from each file. A provider that "
    "is\n"
    "named is loaded in a process of its own, and its operators are told; the exit code is 1 when one cannot be used.";

struct ProvidersFlags {
  std::vector<std::string> names;
  bool as_json = false;
  bool as_markdown = false;
  int64_t timeout_ms = 10'000;
};

std::string dump(const json& value, int indent) {
  return value.dump(indent, ' ', false, json::error_handler_t::replace);
}

json operators_of(const tn_provider& table) {
  std::set<std::string> names;  // with the domain unless it is ONNX's own
  for (uint32_t i = 0; i < table.kernel_count; ++i) {
    const tn_kernel_def& kernel = host::kernel_def_at(table, i);
    const std::string domain = kernel.domain == nullptr ? "" : kernel.domain;
    names.insert((domain.empty() ? "" : domain + ".") + kernel.op_type);
  }
  return names;
}

/// Each line of the kernel table, for the page of all operators.
json lines_of(const tn_provider& table) {
  json lines = json::array();
  for (uint32_t i = 0; i < table.kernel_count; ++i) {
    const tn_kernel_def& kernel = host::kernel_def_at(table, i);
    json types = json::object();
    for (uint32_t t = 0; t < kernel.type_count; ++t) {
      const tn_type_rule& rule = host::type_rule_at(kernel, t);
      types[rule.parameter] = std::vector<uint32_t>(rule.dtypes, rule.dtypes + rule.count);
    }
    lines.push_back({{"domain", kernel.domain == nullptr ? "" : kernel.domain},
                     {"operator", kernel.op_type},
                     {"since_version", kernel.since_version},
                     {"last_version", kernel.last_version},
                     {"types", std::move(types)}});
  }
  return lines;
}

json options_of(const tn_provider& table) {
  json options = json::array();
  for (uint32_t i = 0; i < table.option_count; ++i) {
    const tn_option& option = host::option_at(table, i);
    options.push_back({{"name", option.name}, {"values", option.values}, {"help", option.help}});
    if (option.default_value != nullptr) options.back()["default"] = option.default_value;
  }
  return options;
}

json unusable(json entry, const std::string& why) {
  entry["usable"] = false;
  entry["error"] = why;
  return entry;
}

/// What the descriptor says, and whether the library may be loaded.
json describe(const host::ListedProvider& listed) {
  json entry{{"path", listed.path.string()}, {"usable", true}};
  if (listed.descriptor) {
    entry["name"] = listed.descriptor->name;
    entry["version"] = listed.descriptor->version;
    entry["abi_versions"] = {listed.descriptor->min_abi, listed.descriptor->max_abi};
    entry["cpu_features"] = host::cpu_feature_names(listed.descriptor->cpu_features);
  }
  return listed.verdict.is_ok() ? entry : unusable(entry, listed.verdict.message());
}

/// Runs in the child.
json load(const std::string& name, json entry) {
  const bool is_path = name.find('/') != std::string::npos;
  const auto library = is_path ? ProviderLibrary::load(name) : ProviderLibrary::find(name);
  if (!library.is_ok()) return unusable(entry, library.status().message());
  const tn_provider& table = (*library)->table();
  entry["abi_version"] = table.abi_version;
  entry["kernels"] = table.kernel_count;
  entry["operators"] = operators_of(table);
  entry["lines"] = lines_of(table);
  entry["claims_nodes"] = table.claim != nullptr;
  entry["options"] = options_of(table);
  return entry;
}

/// What loading the library tells beyond its descriptor.
json load_isolated(const std::string& name, int64_t timeout_ms) {
  const auto file = ProviderLibrary::look_up(name);
  if (!file.is_ok()) return unusable({{"path", name}}, file.status().message());
  host::ListedProvider listed{file->path, {}, {}};
  if (auto descriptor = host::read_descriptor(file->path); descriptor.is_ok()) listed.descriptor = *descriptor;
  const json entry = describe(listed);
  const Isolated answer =
      run_isolated([&] { return dump(load(name, entry), -1); }, std::chrono::milliseconds(timeout_ms));
  if (!answer.ending.empty())
    return unusable(entry, host::concat("a process that loaded provider '", file->name, "' ", answer.ending));
  return json::parse(answer.written);
}

void print(const json& entry) {
  const std::string path = entry.at("path");
  if (!entry.at("usable")) {
    std::printf("%s\n  cannot be used: %s\n", path.c_str(), entry.at("error").get<std::string>().c_str());
    return;
  }
  std::string facts;
  if (entry.contains("operators"))
    facts = host::concat("  ", entry["operators"].size(), " operators in ", entry["kernels"].get<uint32_t>(),
                         " kernels", entry["claims_nodes"] ? ", claims groups of nodes" : "");
  const auto& abi = entry.at("abi_versions");
  facts += host::concat("  kernel ABI ", abi[0].get<uint32_t>());
  if (abi[0] != abi[1]) facts += host::concat(" to ", abi[1].get<uint32_t>());
  if (const std::string needs = entry.at("cpu_features"); !needs.empty()) facts += "  needs " + needs;
  std::printf("%s %s%s\n  %s\n", bold(entry.at("name")).c_str(), entry.at("version").get<std::string>().c_str(),
              facts.c_str(), path.c_str());
  if (!entry.contains("operators")) return;
  std::string operators;
  for (const std::string name : entry["operators"]) operators += (operators.empty() ? "" : ", ") + name;
  std::printf("  %s\n", operators.c_str());
  for (const json& option : entry["options"]) {
    const std::string text = option.contains("default") ? ", default " + option["default"].get<std::string>() : "";
    std::printf("  option %s: %s%s. %s\n", bold(option.at("name")).c_str(),
                option.at("values").get<std::string>().c_str(), text.c_str(),
                option.at("help").get<std::string>().c_str());
  }
}

host::Result<bool> list_providers(const ProvidersFlags& flags) {
  json entries = json::array();
  for (const std::string& name : flags.names) entries.push_back(load_isolated(name, flags.timeout_ms));
  if (flags.names.empty())
    for (const auto& listed : host::list_providers()) entries.push_back(describe(listed));
  if (flags.as_markdown) {
    std::fputs(operators_page(entries).c_str(), stdout);
  } else if (flags.as_json) {
    std::printf("%s\n", dump(entries, 2).c_str());
  } else {
    for (const json& entry : entries) print(entry);
    if (entries.empty())
      return host::error(TN_NOT_FOUND, "no provider found: set TENON_PROVIDER_PATH to the folder that holds them");
  }
  return flags.names.empty() ||
         std::all_of(entries.begin(), entries.end(), [](const json& e) { return bool(e["usable"]); });
}

}  // namespace

void add_providers_command(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("providers", "List the providers that can be found");
  const auto flags = std::make_shared<ProvidersFlags>();
  command->add_option(
      "NAME", flags->names,
      "Load these, each in a process of its own, and list their operators and options; a name with a '/' is a path");
  command->add_flag("--json", flags->as_json, "Print JSON");
  command->add_flag(
      "--markdown", flags->as_markdown,
      "Print the page of all operators: what the host knows of each, and which of these providers have it");
  command->add_option("--timeout-ms", flags->timeout_ms, "How long loading one may take (default 10000)")
      ->check(whole_number(1, 1000000000));
  command->footer(kExamples);
  command->callback([flags, &action] { action = [flags] { return list_providers(*flags); }; });
}

}  // namespace tenon::tools
