// Which CPUs threads may run on. Thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/status.h"

namespace tenon::host {

/// CPUs by their numbers in Linux, from 0, both ends included.
struct CpuRange {
  uint32_t first = 0, last = 0;
  bool operator==(const CpuRange&) const = default;
};
/// Where one thread may run.
using CpuList = std::vector<CpuRange>;

/// Of "1;2;4-7,9", a list for each thread; none for "". TN_INVALID_ARGUMENT: it is no such text.
Result<std::vector<CpuList>> parse_cpu_lists(std::string_view text);
std::string cpu_lists_text(std::span<const CpuList> lists);

/// TN_INVALID_ARGUMENT names a CPU that this process may not use, and those that it may.
Status check_cpus(std::span<const CpuList> lists);
/// Keeps a thread of this process, by its system-wide number, to the CPUs. False: the system refuses.
bool pin_thread(int64_t thread, const CpuList& cpus);

}  // namespace tenon::host
