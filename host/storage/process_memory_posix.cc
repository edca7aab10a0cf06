#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "host/storage/process_memory.h"

namespace tenon::host {
namespace {

// The lines of the form "Name:  123 kB" of a file of /proc, in bytes; empty when it cannot be read.
std::map<std::string, uint64_t> read_kilobyte_lines(const std::string& path) {
  std::map<std::string, uint64_t> values;
  std::ifstream in(path);
  std::string line;
  while (std::getline(in, line)) {
    const size_t colon = line.find(':');
    if (colon == std::string::npos || !line.ends_with(" kB")) continue;
    values[line.substr(0, colon)] = std::strtoull(line.c_str() + colon + 1, nullptr, 10) * 1024;
  }
  return values;
}

Result<ProcessMemory> read_memory_of(const std::string& folder) {
  auto status = read_kilobyte_lines(folder + "/status");
  if (status.count("VmHWM") == 0)
    return error(TN_UNSUPPORTED, folder, "/status does not tell the memory of the process: is /proc mounted?");
  ProcessMemory memory;
  memory.peak_resident = status["VmHWM"];
  memory.resident = status["VmRSS"];
  auto rollup = read_kilobyte_lines(folder + "/smaps_rollup");
  if (rollup.count("Rss") != 0) {
    memory.private_clean = rollup["Private_Clean"];
    memory.private_dirty = rollup["Private_Dirty"];
    memory.shared = rollup["Shared_Clean"] + rollup["Shared_Dirty"];
    memory.proportional = rollup["Pss"];
    memory.anonymous = rollup["Anonymous"];
    memory.resident = rollup["Rss"];
  } else {
    // Kernels without the roll-up: anonymous pages stand for the private ones.
    memory.private_dirty = memory.anonymous = status["RssAnon"];
    memory.shared = status["RssFile"] + status["RssShmem"];
  }
  return memory;
}

}  // namespace

Result<ProcessMemory> read_process_memory() {
  return read_memory_of("/proc/self");
}

Result<ProcessMemory> read_process_memory(int pid) {
  const std::string folder = "/proc/" + std::to_string(pid);
  if (!std::filesystem::exists(folder)) return error(TN_NOT_FOUND, "there is no process ", pid);
  return read_memory_of(folder);
}

}  // namespace tenon::host
