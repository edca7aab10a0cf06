#include "tools/inspect_memory.h"

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <tenon/tenon.hpp>

#include "tools/support/print.h"
#include "tools/support/terminal.h"

namespace tenon::tools {
namespace {

using nlohmann::ordered_json;

// 0: not the number of a process.
int process_named(const std::filesystem::path& argument) {
  const std::string text = argument.string();
  int pid = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), pid);
  std::error_code ignored;
  const bool is_number = problem == std::errc() && end == text.data() + text.size() && pid > 0;
  return is_number && !std::filesystem::exists(argument, ignored) ? pid : 0;
}

ordered_json to_json(const Residency& entry) {
  return {{"kind", entry.kind},
          {"name", entry.name},
          {"bytes", entry.bytes},
          {"resident_bytes", entry.resident},
          {"proportional_bytes", entry.proportional},
          {"shared_bytes", entry.shared_bytes},
          {"private_bytes", entry.private_bytes}};
}

void print_json(const std::string& what, const std::vector<Residency>& entries, const MemoryUse& memory) {
  ordered_json residency = ordered_json::array();
  for (const Residency& entry : entries) residency.push_back(to_json(entry));
  const ordered_json text = {{"of", what},
                             {"residency", residency},
                             {"process",
                              {{"private_bytes", memory.private_bytes()},
                               {"shared_bytes", memory.shared},
                               {"proportional_bytes", memory.proportional},
                               {"anonymous_bytes", memory.anonymous},
                               {"peak_resident_bytes", memory.peak_resident}}}};
  std::printf("%s\n", text.dump(2, ' ', false, ordered_json::error_handler_t::replace).c_str());
}

void print_text(const char* title, const std::vector<Residency>& entries) {
  std::vector<std::vector<std::string>> rows = {{"", "size", "resident", "shared", "private", ""}};
  uint64_t private_bytes = 0;
  for (const Residency& entry : entries) {
    rows.push_back({entry.kind, byte_text(entry.bytes), byte_text(entry.resident), byte_text(entry.shared_bytes),
                    byte_text(entry.private_bytes), entry.name});
    private_bytes += entry.private_bytes;
  }
  std::printf("%s, as the system counts: %s private\n%s", title, byte_text(private_bytes).c_str(),
              table_text(rows).c_str());
}

void inspect_process(int pid, bool as_json) {
  const std::string name = "process " + std::to_string(pid);
  const std::vector<Residency> entries = process_residency(pid);
  const MemoryUse memory = process_memory(pid);
  if (as_json) {
    print_json(name, entries, memory);
  } else {
    std::printf("%s\n", bold(name).c_str());
    print_text("held by the process", entries);
  }
}

}  // namespace

bool inspect_memory(const SessionFlags& flags, bool as_json) {
  if (const int pid = process_named(flags.model); pid > 0) {
    inspect_process(pid, as_json);
    return true;
  }
  const Session session = flags.inspect(flags.options());
  const std::vector<Residency> entries = session.residency();
  const MemoryUse memory = process_memory();
  if (as_json) {
    print_json(flags.model.string(), entries, memory);
    return true;
  }
  std::printf("%s\n", bold(flags.model.string()).c_str());
  print_text("held by the session once it is open", entries);
  const auto report = ordered_json::parse(session.report("json"));
  for (const auto& note : report.at("notes")) std::printf("note: %s\n", note.get<std::string>().c_str());
  return true;
}

}  // namespace tenon::tools
