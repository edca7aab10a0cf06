#include "tools/bench_processes.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <tenon/tenon.hpp>
#include <thread>

#include "tools/support/live_process.h"
#include "tools/support/print.h"
#include "tools/support/terminal.h"

namespace tenon::tools {
namespace {

using nlohmann::json;

constexpr char kHoldMs[] = "86400000";  // they are ended long before

struct Group {
  std::vector<MemoryUse> memory;
  std::vector<json> told;  // what each printed
};

// Starts them all, waits for all, then reads all.
Group measure(const std::vector<std::string>& arguments, unsigned count) {
  std::vector<LiveProcess> processes;
  for (unsigned i = 0; i < count; ++i) processes.push_back(LiveProcess::start(arguments));
  Group group;
  for (LiveProcess& process : processes) group.told.push_back(json::parse(process.wait_until_ready(), nullptr, false));
  for (const LiveProcess& process : processes) group.memory.push_back(process.memory());
  return group;
}

std::vector<std::string> arguments_of_model() {
  std::vector<std::string> arguments;
  bool drop_next = false;
  for (const std::string& argument : own_arguments()) {
    const bool takes_value = argument == "--processes" || argument == "--hold-ms";
    const bool has_value = argument.rfind("--processes=", 0) == 0 || argument.rfind("--hold-ms=", 0) == 0;
    if (!drop_next && !takes_value && !has_value && argument != "--json") arguments.push_back(argument);
    drop_next = takes_value;
  }
  arguments.insert(arguments.end(), {"--json", "--hold-ms", kHoldMs});
  return arguments;
}

std::vector<std::string> arguments_of_empty_host(const SessionFlags& flags) {
  std::vector<std::string> arguments = flags.arguments();
  arguments.insert(arguments.begin(), {"idle-host", "--hold-ms", kHoldMs});
  return arguments;
}

uint64_t total(const Group& group, uint64_t (*figure)(const MemoryUse&)) {
  uint64_t sum = 0;
  for (const MemoryUse& memory : group.memory) sum += figure(memory);
  return sum;
}

uint64_t private_of(const MemoryUse& memory) {
  return memory.private_bytes();
}

uint64_t proportional_of(const MemoryUse& memory) {
  return memory.proportional;
}

// Negative when the model's processes hold less.
int64_t beyond(const Group& models, const Group& hosts, uint64_t (*figure)(const MemoryUse&)) {
  return static_cast<int64_t>(total(models, figure)) - static_cast<int64_t>(total(hosts, figure));
}

json memory_json(const MemoryUse& memory) {
  return {{"private_bytes", memory.private_bytes()},
          {"private_clean_bytes", memory.private_clean},
          {"private_dirty_bytes", memory.private_dirty},
          {"proportional_bytes", memory.proportional}};
}

json to_json(const SessionFlags& flags, const ProcessesRequest& request, const Group& models, const Group& hosts) {
  json each = json::array(), empty = json::array();
  for (size_t i = 0; i < models.memory.size(); ++i) {
    json entry = memory_json(models.memory[i]);
    if (models.told[i].is_object()) entry.update(models.told[i]);
    each.push_back(std::move(entry));
  }
  for (const MemoryUse& memory : hosts.memory) empty.push_back(memory_json(memory));
  return {{"model", flags.model.string()},
          {"measured_after", request.after_run ? "run" : "open"},
          {"processes", each},
          {"empty_hosts", empty},
          {"private_bytes_beyond_hosts", beyond(models, hosts, private_of)},
          {"proportional_bytes_beyond_hosts", beyond(models, hosts, proportional_of)}};
}

std::string signed_text(int64_t bytes) {
  return (bytes < 0 ? "-" : "") + byte_text(static_cast<uint64_t>(bytes < 0 ? -bytes : bytes));
}

void print(const SessionFlags& flags, const ProcessesRequest& request, const Group& models, const Group& hosts) {
  std::printf("%s\n%u processes, all alive, each after %s\n", bold(flags.model.string()).c_str(), request.processes,
              request.after_run ? "a run" : "opening");
  const auto line = [&](const char* what, uint64_t (*figure)(const MemoryUse&)) {
    const int64_t more = beyond(models, hosts, figure);
    std::printf("%-13s %10s in all, %10s each, beyond processes without a model (%s each)\n", what,
                signed_text(more).c_str(), signed_text(more / request.processes).c_str(),
                byte_text(total(hosts, figure) / request.processes).c_str());
  };
  line("private", private_of);
  line("proportional", proportional_of);
  std::vector<double> opens;
  for (const json& told : models.told) opens.push_back(told.is_object() ? told.value("open_ms", 0.0) : 0.0);
  std::sort(opens.begin(), opens.end());
  std::printf("open          %.2f ms to %.2f ms\n", opens.front(), opens.back());
}

}  // namespace

bool bench_processes(const SessionFlags& flags, const ProcessesRequest& request) {
  const Group hosts = measure(arguments_of_empty_host(flags), request.processes);
  const Group models = measure(arguments_of_model(), request.processes);
  if (request.as_json) {
    std::printf("%s\n",
                to_json(flags, request, models, hosts).dump(2, ' ', false, json::error_handler_t::replace).c_str());
  } else {
    print(flags, request, models, hosts);
  }
  return true;
}

void hold(int64_t milliseconds) {
  std::printf("%s\n", kSessionReady);
  std::fflush(stdout);
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

}  // namespace tenon::tools
