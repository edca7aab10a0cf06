#include "tools/inspect_memory.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <map>

#include "host/report/report_json.h"
#include "host/storage/memory_map.h"
#include "host/storage/process_memory.h"
#include "tools/support/terminal.h"

namespace tenon::tools {
namespace {

using host::MemoryArea;
using host::ResidencyEntry;
using host::Result;

// 0: not the number of a process.
int process_named(const std::filesystem::path& argument) {
  const std::string text = argument.string();
  int pid = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), pid);
  std::error_code ignored;
  const bool is_number = problem == std::errc() && end == text.data() + text.size() && pid > 0;
  return is_number && !std::filesystem::exists(argument, ignored) ? pid : 0;
}

// What an area is for, as far as can be told from outside.
std::string kind_of(const MemoryArea& area) {
  if (area.name.empty()) return "anonymous";
  if (area.name[0] == '[') return area.name == "[heap]" ? "heap" : area.name == "[stack]" ? "stack" : "kernel";
  return area.is_shared ? "shared file" : "program or library";
}

// One entry per file that is mapped for sharing, as model and pack files are, and per other kind.
std::vector<ResidencyEntry> entries_of(const std::vector<MemoryArea>& map) {
  std::map<std::pair<std::string, std::string>, ResidencyEntry> entries;
  for (const MemoryArea& area : map) {
    const std::string kind = kind_of(area);
    const std::string name = kind == "shared file" ? area.name : "";
    ResidencyEntry& entry = entries[{kind, name}];
    entry.kind = kind;
    entry.name = name;
    entry.bytes += area.end - area.begin;
    entry.resident += area.resident;
    entry.proportional += area.proportional;
    entry.shared_bytes += area.shared_bytes;
    entry.private_bytes += area.private_bytes;
  }
  std::vector<ResidencyEntry> list;
  for (auto& [key, entry] : entries) list.push_back(std::move(entry));
  std::stable_sort(list.begin(), list.end(), [](const ResidencyEntry& a, const ResidencyEntry& b) {
    return (a.kind == "shared file") > (b.kind == "shared file");
  });
  return list;
}

void print_json(const std::string& what, const std::vector<ResidencyEntry>& entries,
                const host::ProcessMemory& memory) {
  host::JsonText json;
  json.object([&] {
    json.member("of", what).member("residency", entries, host::write_residency);
    json.key("process").object([&] {
      json.member("private_bytes", memory.private_bytes())
          .member("shared_bytes", memory.shared)
          .member("proportional_bytes", memory.proportional)
          .member("anonymous_bytes", memory.anonymous)
          .member("peak_resident_bytes", memory.peak_resident);
    });
  });
  std::printf("%s\n", json.text().c_str());
}

Result<bool> inspect_process(int pid, bool as_json) {
  TENON_ASSIGN_OR_RETURN(const auto map, host::read_memory_map(pid));
  TENON_ASSIGN_OR_RETURN(const auto memory, host::read_process_memory(pid));
  const auto entries = entries_of(map);
  if (as_json) {
    print_json("process " + std::to_string(pid), entries, memory);
  } else {
    std::printf("%s\n%s", bold("process " + std::to_string(pid)).c_str(),
                host::residency_text("held by the process", entries).c_str());
  }
  return true;
}

}  // namespace

Result<bool> inspect_memory(const SessionFlags& flags, bool as_json) {
  if (const int pid = process_named(flags.model); pid > 0) return inspect_process(pid, as_json);
  TENON_ASSIGN_OR_RETURN(auto options, flags.options());
  options.require_placement = false;
  TENON_ASSIGN_OR_RETURN(const auto session, flags.open(options));
  const host::SessionReport report = session->report();
  TENON_ASSIGN_OR_RETURN(const auto memory, host::read_process_memory());
  if (as_json) {
    print_json(report.model, report.residency, memory);
  } else {
    std::printf("%s\n%s", bold(report.model).c_str(),
                host::residency_text("held by the session once it is open", report.residency).c_str());
    for (const std::string& note : report.notes) std::printf("note: %s\n", note.c_str());
  }
  return true;
}

}  // namespace tenon::tools
