#include "host/session/cgroup_posix.h"

#include <fstream>
#include <optional>

namespace tenon::host {
namespace {

std::optional<std::string> read_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return line;
}

// Reads `name` in root + path and in every folder above it up to root. A container may see its own group as the root
// although /proc names the path outside, so missing folders are skipped.
void read_upwards(const std::string& root, std::string path, const std::string& name, std::vector<std::string>* found) {
  while (true) {
    if (auto line = read_line(root + path + "/" + name)) found->push_back(*line);
    if (path.empty() || path == "/") return;
    path.erase(path.find_last_of('/'));
  }
}

bool lists_controller(const std::string& list, const std::string& controller) {
  return ("," + list + ",").find("," + controller + ",") != std::string::npos;
}

}  // namespace

std::vector<std::string> read_cgroup_files(const std::string& controller, const std::string& v1_name,
                                           const std::string& v2_name) {
  std::vector<std::string> found;
  std::ifstream groups("/proc/self/cgroup");
  // Each line is "id:controllers:path"; version 2 has id 0 and no controllers.
  for (std::string line; std::getline(groups, line);) {
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (controllers.empty()) {
      read_upwards("/sys/fs/cgroup", path, v2_name, &found);
    } else if (lists_controller(controllers, controller)) {
      read_upwards("/sys/fs/cgroup/" + controller, path, v1_name, &found);
    }
  }
  return found;
}

}  // namespace tenon::host
