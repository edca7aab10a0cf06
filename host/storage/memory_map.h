// What the kernel tells of a process's memory area by area, and of this process's page by page. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "host/base/status.h"

namespace tenon::host {

/// One area of addresses with one backing; all amounts in bytes.
struct MemoryArea {
  uint64_t begin = 0, end = 0;
  bool is_shared = false;      // mapped for sharing, as Tenon maps files
  bool is_executable = false;  // code
  std::string name;            // path of the file, "[heap]", "[stack]"; empty: anonymous
  uint64_t resident = 0;
  uint64_t proportional = 0;   // each shared page divided by the processes that map it
  uint64_t shared_bytes = 0;   // resident and mapped by other processes too
  uint64_t private_bytes = 0;  // resident and mapped by this process alone
};

/// The areas of this process (pid 0), or of another of the same user, in order of addresses. TN_UNSUPPORTED where the
/// system does not tell, TN_NOT_FOUND when there is no such process or it is another user's.
Result<std::vector<MemoryArea>> read_memory_map(int pid = 0);

/// The areas that lie in `range` of this process, summed up; name and flags are of the first.
MemoryArea sum_within(const std::vector<MemoryArea>& map, std::span<const std::byte> range);

/// Bytes of private, anonymous memory of this process that were touched: resident or swapped out. Exact to a page;
/// `range.size()` where the system does not tell.
uint64_t touched_bytes(std::span<const std::byte> range);

}  // namespace tenon::host
