// `tenon providers`: what the search path holds, told from descriptors alone; of the providers that are named, what
// their tables hold, for which each is loaded in a process of its own.
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>
#include <tenon/tenon.hpp>

#include "tools/commands.h"
#include "tools/operators_page.h"
#include "tools/support/isolated.h"
#include "tools/support/session_flags.h"
#include "tools/support/terminal.h"
#include "tools/support/text.h"

namespace tenon::tools {
namespace {

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
  std::string lift;
  int64_t timeout_ms = 10'000;
};

std::string dump(const json& value, int indent) {
  return value.dump(indent, ' ', false, json::error_handler_t::replace);
}

json operators_of(const ProviderInfo& provider) {
  std::set<std::string> names;  // with the domain unless it is ONNX's own
  for (const ProviderKernel& kernel : provider.kernels)
    names.insert((kernel.domain.empty() ? "" : kernel.domain + ".") + kernel.op_type);
  return names;
}

/// Each line of the kernel table, for the page of all operators.
json lines_of(const ProviderInfo& provider) {
  json lines = json::array();
  for (const ProviderKernel& kernel : provider.kernels) {
    json types = json::object();
    for (const auto& [parameter, dtypes] : kernel.types) types[parameter] = dtypes;
    lines.push_back({{"domain", kernel.domain},
                     {"operator", kernel.op_type},
                     {"since_version", kernel.since_version},
                     {"last_version", kernel.last_version},
                     {"types", std::move(types)}});
  }
  return lines;
}

json options_of(const ProviderInfo& provider) {
  json options = json::array();
  for (const ProviderOption& option : provider.options) {
    options.push_back({{"name", option.name}, {"values", option.values}, {"help", option.help}});
    if (!option.default_value.empty()) options.back()["default"] = option.default_value;
  }
  return options;
}

json unusable(json entry, const std::string& why) {
  entry["usable"] = false;
  entry["error"] = why;
  return entry;
}

/// What the descriptor says, and whether the library may be loaded.
json describe(const ProviderInfo& provider) {
  json entry{{"path", provider.path}, {"usable", true}};
  if (provider.max_abi > 0) {
    entry["name"] = provider.name;
    entry["version"] = provider.version;
    entry["abi_versions"] = {provider.min_abi, provider.max_abi};
    entry["cpu_features"] = provider.cpu_features;
  }
  return provider.is_usable ? entry : unusable(entry, provider.why_not);
}

/// Runs in the child.
json load(const std::string& name, json entry) {
  try {
    const ProviderInfo provider = load_provider(name);
    entry["abi_version"] = provider.abi_version;
    entry["kernels"] = provider.kernels.size();
    entry["operators"] = operators_of(provider);
    entry["lines"] = lines_of(provider);
    entry["claims_nodes"] = provider.claims_nodes;
    entry["options"] = options_of(provider);
    return entry;
  } catch (const Error& error) {
    return unusable(entry, error.what());
  }
}

/// What loading the library tells beyond its descriptor.
json load_isolated(const std::string& name, int64_t timeout_ms) {
  ProviderInfo provider;
  try {
    provider = look_up_provider(name);
  } catch (const Error& error) {
    return unusable({{"path", name}}, error.what());
  }
  const json entry = describe(provider);
  const Isolated answer =
      run_isolated([&] { return dump(load(name, entry), -1); }, std::chrono::milliseconds(timeout_ms));
  if (!answer.ending.empty())
    return unusable(entry, concat("a process that loaded provider '", provider.name, "' ", answer.ending));
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
    facts = concat("  ", entry["operators"].size(), " operators in ", entry["kernels"].get<uint32_t>(), " kernels",
                   entry["claims_nodes"] ? ", claims groups of nodes" : "");
  const auto& abi = entry.at("abi_versions");
  facts += concat("  kernel ABI ", abi[0].get<uint32_t>());
  if (abi[0] != abi[1]) facts += concat(" to ", abi[1].get<uint32_t>());
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

void print_crashes(const ProviderInfo& crashed) {
  std::printf("%s %s\n  %s\n  ended %u worker process%s, the last time: %s\n", bold(crashed.name).c_str(),
              crashed.is_usable ? "has crashed" : "is in quarantine", crashed.path.c_str(), crashed.crashes,
              crashed.crashes == 1 ? "" : "es", crashed.last_crash.c_str());
}

bool list(const ProvidersFlags& flags) {
  if (!flags.lift.empty()) {
    lift_quarantine(flags.lift);
    std::printf("the crashes of %s are forgotten\n", flags.lift.c_str());
    return true;
  }
  json entries = json::array();
  for (const std::string& name : flags.names) entries.push_back(load_isolated(name, flags.timeout_ms));
  if (flags.names.empty())
    for (const ProviderInfo& listed : list_providers()) entries.push_back(describe(listed));
  if (flags.as_markdown) {
    std::fputs(operators_page(entries).c_str(), stdout);
  } else if (flags.as_json) {
    std::printf("%s\n", dump(entries, 2).c_str());
  } else {
    for (const json& entry : entries) print(entry);
    for (const ProviderInfo& crashed : crashed_providers()) print_crashes(crashed);
    if (entries.empty())
      fail(TENON_NOT_FOUND, "no provider found: set TENON_PROVIDER_PATH to the folder that holds them");
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
  command->add_option("--lift", flags->lift,
                      "Forget the crashes of a library that ended worker processes (--isolate), by its provider's name "
                      "or its path, so that it is loaded again");
  command->add_option("--timeout-ms", flags->timeout_ms, "How long loading one may take (default 10000)")
      ->check(whole_number(1, 1000000000));
  command->footer(kExamples);
  command->callback([flags, &action] { action = [flags] { return list(*flags); }; });
}

}  // namespace tenon::tools
