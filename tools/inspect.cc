// `tenon inspect`: what a model holds, where every node would run and why, and how every initializer is held. Works on
// models with nodes that no provider takes.
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <tenon/tenon.hpp>

#include "tools/commands.h"
#include "tools/inspect_memory.h"
#include "tools/support/session_flags.h"
#include "tools/support/terminal.h"
#include "tools/support/text.h"
#include "tools/support/time_limit.h"

namespace tenon::tools {
namespace {

using nlohmann::json;

constexpr char kExamples[] =
    "Examples:\n"
    "  tenon inspect model.onnx\n"
    "  tenon inspect model.onnx --details\n"
    "  tenon inspect --memory model.onnx\n"
    "  tenon inspect --memory 4711\n"
    "  tenon inspect model.onnx --providers cpu_ref --json";

struct InspectFlags {
  SessionFlags session;
  bool as_json = false;
  bool details = false;
  bool memory = false;
};

std::string domain_text(const std::string& domain) {
  return domain.empty() ? "ai.onnx" : domain;
}

/// Nodes of each operator, those of subgraphs included.
std::map<std::string, size_t> count_operators(const Session& session) {
  std::map<std::string, size_t> counts;
  for (const NodePlacement& node : session.placement())
    ++counts[node.domain.empty() ? node.op_type : node.domain + "." + node.op_type];
  return counts;
}

struct Held {
  size_t count = 0;
  uint64_t bytes = 0;
};

std::map<std::string, Held> by_residence(const json& report) {
  std::map<std::string, Held> held;
  for (const json& entry : report.at("initializers")) {
    Held& total = held[entry.at("residence")];
    ++total.count;
    total.bytes += entry.at("bytes").get<uint64_t>();
  }
  return held;
}

json ports_json(const std::vector<Port>& ports) {
  json list = json::array();
  for (const Port& port : ports) {
    json shape = nullptr;
    if (port.has_rank) {
      shape = json::array();
      for (size_t i = 0; i < port.shape.size(); ++i) {
        if (port.shape[i] >= 0) {
          shape.push_back(port.shape[i]);
        } else {
          shape.push_back(port.dim_names[i].empty() ? json(nullptr) : json(port.dim_names[i]));
        }
      }
    }
    list.push_back({{"name", port.name}, {"type", port.text}, {"shape", shape}});
    if (port.is_optional) list.back()["has_default"] = true;
  }
  return list;
}

json to_json(const Session& session) {
  const ModelFacts model = session.model_facts();
  const json report = json::parse(session.report("json"));
  json opsets = json::object();
  for (const auto& [domain, version] : model.opsets) opsets[domain_text(domain)] = version;
  json held = json::object();
  for (const auto& [residence, total] : by_residence(report))
    held[residence] = {{"count", total.count}, {"bytes", total.bytes}};
  return {{"model", report.at("model")},
          {"ir_version", model.ir_version},
          {"producer", {{"name", model.producer_name}, {"version", model.producer_version}}},
          {"opsets", opsets},
          {"inputs", ports_json(session.all_inputs())},
          {"outputs", ports_json(session.outputs())},
          {"operators", count_operators(session)},
          {"initializer_totals", held},
          {"report", report}};
}

void heading(const char* text) {
  std::printf("\n%s\n", bold(text).c_str());
}

void print_ports(const char* title, const std::vector<Port>& ports) {
  heading(title);
  for (const Port& port : ports)
    std::printf("  %s  %s%s\n", port.name.c_str(), port.text.c_str(),
                port.is_optional ? "  optional: its default is the initializer of that name" : "");
  if (ports.empty()) std::printf("  none\n");
}

void print_model(const Session& session, const std::string& path) {
  const ModelFacts model = session.model_facts();
  std::string opsets;
  for (const auto& [domain, version] : model.opsets)
    opsets += concat(opsets.empty() ? "" : ", ", domain_text(domain), " ", version);
  std::printf("%s\nIR version %lld; opsets %s; made by %s%s%s\n", bold(path).c_str(),
              static_cast<long long>(model.ir_version), opsets.c_str(),
              model.producer_name.empty() ? "an unnamed tool" : model.producer_name.c_str(),
              model.producer_version.empty() ? "" : " ", model.producer_version.c_str());
  print_ports("Inputs", session.all_inputs());
  print_ports("Outputs", session.outputs());
  heading("Operators, after folding");
  for (const auto& [name, count] : count_operators(session)) std::printf("  %6zu  %s\n", count, name.c_str());
}

bool inspect(const InspectFlags& flags) {
  if (flags.memory) return inspect_memory(flags.session, flags.as_json);
  const Options options = flags.session.options();
  const TimeLimit limit(flags.session.timeout_ms);
  const Session session = flags.session.inspect(options);
  if (flags.as_json) {
    std::printf("%s\n", to_json(session).dump(2, ' ', false, json::error_handler_t::replace).c_str());
    return true;
  }
  print_model(session, flags.session.model.string());
  std::printf("\n%s", session.report(flags.details ? "details" : "text").c_str());
  return true;
}

}  // namespace

void add_inspect_command(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("inspect", "Show what a model holds and where it would run");
  const auto flags = std::make_shared<InspectFlags>();
  flags->session.add_to(*command);
  command->add_flag("--json", flags->as_json, "Print JSON");
  command->add_flag("--memory", flags->memory,
                    "Show what the opened model holds by the system's count; MODEL may be the number of a process");
  command->add_flag("--details", flags->details, "List every initializer and every node");
  command->footer(kExamples);
  command->callback([flags, &action] { action = [flags] { return inspect(*flags); }; });
}

}  // namespace tenon::tools
