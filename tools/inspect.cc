// `tenon inspect`: what a model holds, where every node would run and why, and how every initializer is held. Works on
// models with nodes that no provider takes.
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "host/session/session.h"
#include "tools/commands.h"
#include "tools/inspect_memory.h"
#include "tools/support/session_flags.h"
#include "tools/support/terminal.h"
#include "tools/support/time_limit.h"

namespace tenon::tools {
namespace {

using host::concat;
using host::Result;
using host::Session;
using host::SessionReport;
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

std::string operator_text(const std::string& domain, const std::string& op_type) {
  return domain.empty() ? op_type : domain + "." + op_type;
}

void count_operators(const host::Graph& graph, std::map<std::string, size_t>& counts) {
  for (const auto& node : graph.nodes()) {
    ++counts[operator_text(node->domain, node->op_type)];
    for (const auto& attribute : node->attributes) {
      if (const auto* body = std::get_if<std::shared_ptr<host::Graph>>(&attribute.payload))
        count_operators(**body, counts);
      if (const auto* bodies = std::get_if<std::vector<std::shared_ptr<host::Graph>>>(&attribute.payload))
        for (const auto& each : *bodies) count_operators(*each, counts);
    }
  }
}

struct Held {
  size_t count = 0;
  uint64_t bytes = 0;
};

std::map<std::string, Held> by_residence(const SessionReport& report) {
  std::map<std::string, Held> held;
  for (const auto& entry : report.initializers) {
    ++held[entry.residence].count;
    held[entry.residence].bytes += entry.bytes;
  }
  return held;
}

json ports_json(const std::vector<host::Port>& ports) {
  json list = json::array();
  for (const auto& port : ports) {
    json shape = nullptr;
    if (port.type.dims) {
      shape = json::array();
      for (const auto& dim : *port.type.dims) {
        if (dim.value >= 0) {
          shape.push_back(dim.value);
        } else {
          shape.push_back(dim.symbol.empty() ? json(nullptr) : json(dim.symbol));
        }
      }
    }
    list.push_back({{"name", port.name}, {"type", describe(port.type)}, {"shape", shape}});
    if (port.has_default) list.back()["has_default"] = true;
  }
  return list;
}

json to_json(const Session& session, const SessionReport& report) {
  const host::Model& model = session.model();
  std::map<std::string, size_t> operators;
  count_operators(*model.graph, operators);
  json opsets = json::object();
  for (const auto& [domain, version] : model.opset_imports) opsets[domain_text(domain)] = version;
  json held = json::object();
  for (const auto& [residence, total] : by_residence(report))
    held[residence] = {{"count", total.count}, {"bytes", total.bytes}};
  return {{"model", report.model},
          {"ir_version", model.ir_version},
          {"producer", {{"name", model.producer_name}, {"version", model.producer_version}}},
          {"opsets", opsets},
          {"inputs", ports_json(session.inputs())},
          {"outputs", ports_json(session.outputs())},
          {"operators", operators},
          {"initializer_totals", held},
          {"report", json::parse(host::to_json(report), nullptr, false)}};
}

void heading(const char* text) {
  std::printf("\n%s\n", bold(text).c_str());
}

void print_ports(const char* title, const std::vector<host::Port>& ports) {
  heading(title);
  for (const auto& port : ports)
    std::printf("  %s  %s%s\n", port.name.c_str(), describe(port.type).c_str(),
                port.has_default ? "  optional: its default is the initializer of that name" : "");
  if (ports.empty()) std::printf("  none\n");
}

void print_model(const Session& session, const SessionReport& report) {
  const host::Model& model = session.model();
  std::string opsets;
  for (const auto& [domain, version] : model.opset_imports)
    opsets += concat(opsets.empty() ? "" : ", ", domain_text(domain), " ", version);
  std::printf("%s\nIR version %lld; opsets %s; made by %s%s%s\n", bold(report.model).c_str(),
              static_cast<long long>(model.ir_version), opsets.c_str(),
              model.producer_name.empty() ? "an unnamed tool" : model.producer_name.c_str(),
              model.producer_version.empty() ? "" : " ", model.producer_version.c_str());
  print_ports("Inputs", session.inputs());
  print_ports("Outputs", session.outputs());
  std::map<std::string, size_t> operators;
  count_operators(*model.graph, operators);
  heading("Operators, after folding");
  for (const auto& [name, count] : operators) std::printf("  %6zu  %s\n", count, name.c_str());
}

Result<bool> inspect(const InspectFlags& flags) {
  if (flags.memory) return inspect_memory(flags.session, flags.as_json);
  TENON_ASSIGN_OR_RETURN(auto options, flags.session.options());
  const TimeLimit limit(flags.session.timeout_ms);
  options.require_placement = false;
  TENON_ASSIGN_OR_RETURN(const auto session, flags.session.open(options));
  const SessionReport report = session->report();
  if (flags.as_json) {
    std::printf("%s\n", to_json(*session, report).dump(2, ' ', false, json::error_handler_t::replace).c_str());
    return true;
  }
  print_model(*session, report);
  std::printf("\n%s", to_text(report, flags.details).c_str());
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
