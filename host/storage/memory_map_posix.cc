#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "host/storage/file_descriptor.h"
#include "host/storage/memory_map.h"

namespace tenon::host {
namespace {

// "55bc332bd000-55bc332be000 r--s 00000000 08:02 1234  /path": the line that begins an area.
bool read_head_line(const std::string& line, MemoryArea* area) {
  unsigned long long begin = 0, end = 0;
  char flags[5] = {};
  int name_at = 0;
  if (std::sscanf(line.c_str(), "%llx-%llx %4s %*s %*s %*s %n", &begin, &end, flags, &name_at) < 3) return false;
  *area = MemoryArea{};
  area->begin = begin;
  area->end = end;
  area->is_executable = flags[2] == 'x';
  area->is_shared = flags[3] == 's';
  if (name_at > 0) area->name = line.substr(static_cast<size_t>(name_at));
  return true;
}

// "Private_Dirty:  12 kB".
void read_amount_line(const std::string& line, MemoryArea* area) {
  const size_t colon = line.find(':');
  if (colon == std::string::npos) return;
  const std::string_view name = std::string_view(line).substr(0, colon);
  const uint64_t bytes = std::strtoull(line.c_str() + colon + 1, nullptr, 10) * 1024;
  if (name == "Rss") area->resident = bytes;
  if (name == "Pss") area->proportional = bytes;
  if (name == "Shared_Clean" || name == "Shared_Dirty") area->shared_bytes += bytes;
  if (name == "Private_Clean" || name == "Private_Dirty") area->private_bytes += bytes;
}

}  // namespace

Result<std::vector<MemoryArea>> read_memory_map(int pid) {
  const std::string path = pid == 0 ? "/proc/self/smaps" : "/proc/" + std::to_string(pid) + "/smaps";
  std::ifstream in(path);
  std::vector<MemoryArea> map;
  MemoryArea area;
  for (std::string line; std::getline(in, line);) {
    if (read_head_line(line, &area)) {
      map.push_back(area);
    } else if (!map.empty()) {
      read_amount_line(line, &map.back());
    }
  }
  if (!map.empty()) return map;
  if (pid != 0) return error(TN_NOT_FOUND, path, " cannot be read: there is no such process, or it is another user's");
  return error(TN_UNSUPPORTED, path, " cannot be read: is /proc mounted?");
}

MemoryArea sum_within(const std::vector<MemoryArea>& map, std::span<const std::byte> range) {
  const auto begin = reinterpret_cast<uintptr_t>(range.data());
  const uintptr_t end = begin + range.size();
  MemoryArea sum;
  for (const MemoryArea& area : map) {
    if (area.end <= begin || area.begin >= end) continue;
    if (sum.end == 0) {
      sum = area;
      continue;
    }
    sum.end = area.end;
    sum.resident += area.resident;
    sum.proportional += area.proportional;
    sum.shared_bytes += area.shared_bytes;
    sum.private_bytes += area.private_bytes;
  }
  return sum;
}

uint64_t touched_bytes(std::span<const std::byte> range) {
  if (range.empty()) return 0;
  const FileDescriptor pagemap(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
  if (!pagemap.is_open()) return range.size();
  constexpr uint64_t kPresent = uint64_t{1} << 63, kSwapped = uint64_t{1} << 62;
  const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  uint64_t next = reinterpret_cast<uintptr_t>(range.data()) / page;
  const uint64_t last = (reinterpret_cast<uintptr_t>(range.data()) + range.size() - 1) / page;
  std::array<uint64_t, 4096> entries;
  uint64_t touched = 0;
  while (next <= last) {
    const uint64_t wanted = std::min<uint64_t>(entries.size(), last - next + 1);
    const ssize_t got =
        pread(pagemap.get(), entries.data(), wanted * sizeof(uint64_t), static_cast<off_t>(next * sizeof(uint64_t)));
    if (got < static_cast<ssize_t>(sizeof(uint64_t))) return range.size();
    const auto count = static_cast<uint64_t>(got) / sizeof(uint64_t);
    for (uint64_t i = 0; i < count; ++i) touched += (entries[i] & (kPresent | kSwapped)) != 0 ? page : 0;
    next += count;
  }
  return touched;
}

}  // namespace tenon::host
