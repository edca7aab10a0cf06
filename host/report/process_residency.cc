#include "host/report/process_residency.h"

#include <algorithm>
#include <map>

#include "host/storage/memory_map.h"

namespace tenon::host {
namespace {

constexpr char kSharedFile[] = "shared file";

std::string kind_of(const MemoryArea& area) {
  if (area.name.empty()) return "anonymous";
  if (area.name[0] == '[') return area.name == "[heap]" ? "heap" : area.name == "[stack]" ? "stack" : "kernel";
  return area.is_shared ? kSharedFile : "program or library";
}

}  // namespace

Result<std::vector<ResidencyEntry>> process_residency(int pid) {
  TENON_ASSIGN_OR_RETURN(const auto map, read_memory_map(pid));
  std::map<std::pair<std::string, std::string>, ResidencyEntry> entries;
  for (const MemoryArea& area : map) {
    const std::string kind = kind_of(area);
    const std::string name = kind == kSharedFile ? area.name : "";
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
    return (a.kind == kSharedFile) > (b.kind == kSharedFile);
  });
  return list;
}

}  // namespace tenon::host
