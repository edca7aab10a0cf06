#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "conform/checks/loading/process_facts.h"

namespace tenon::conform {

namespace fs = std::filesystem;

size_t thread_count() {
  return static_cast<size_t>(std::distance(fs::directory_iterator("/proc/self/task"), fs::directory_iterator()));
}

std::vector<std::string> open_files() {
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const fs::path target = fs::read_symlink(entry.path(), gone);
    // The one that lists them.
    if (!gone && !target.string().ends_with("/fd")) found.push_back(target.string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

bool is_mapped(const fs::path& library) {
  std::error_code failure;
  const std::string path = fs::canonical(library, failure).string();
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);)
    if (line.ends_with(path)) return true;
  return false;
}

int64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  int64_t size = 0, resident = 0;
  statm >> size >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

}  // namespace tenon::conform
