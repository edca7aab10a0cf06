#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "host/runtime/memory_limit.h"
#include "host/threads/cgroup_posix.h"

namespace tenon::host {

uint64_t process_memory_limit() {
  static const uint64_t limit = [] {
    const long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
    uint64_t bytes =
        pages > 0 && page_bytes > 0 ? static_cast<uint64_t>(pages) * static_cast<uint64_t>(page_bytes) : UINT64_MAX;
    // "max" and an unreadable line leave the machine's figure.
    for (const std::string& line : read_cgroup_files("memory", "memory.limit_in_bytes", "memory.max")) {
      const uint64_t value = std::strtoull(line.c_str(), nullptr, 10);
      if (value > 0) bytes = std::min(bytes, value);
    }
    return bytes;
  }();
  return limit;
}

}  // namespace tenon::host
