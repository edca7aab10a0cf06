#include "host/threads/cgroup_posix.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "host/storage/file_descriptor.h"

namespace tenon::host {
namespace {

// The whole of a file without a size. A stream would take longer than all else here.
std::optional<std::string> read_text(const std::string& path) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return std::nullopt;
  std::string text;
  char part[1024];
  for (ssize_t count; (count = read(file.get(), part, sizeof part)) != 0;) {
    if (count < 0) return std::nullopt;
    text.append(part, static_cast<size_t>(count));
  }
  return text;
}

// Reads `name` in root + path and in every folder above it up to root. A container may see its own group as the root
// although /proc names the path outside, so missing folders are skipped.
void read_upwards(const std::string& root, std::string path, const std::string& name, std::vector<std::string>* found) {
  if (name.empty()) return;
  while (true) {
    if (auto text = read_text(root + path + "/" + name)) found->push_back(text->substr(0, text->find('\n')));
    if (path.empty() || path == "/") return;
    path.erase(path.find_last_of('/'));
  }
}

struct Group {
  std::string controllers;  // by commas; none: of version 2
  std::string path;
};

// The process's own groups, as they were at the first call.
const std::vector<Group>& own_groups() {
  static const std::vector<Group> groups = [] {
    std::vector<Group> found;
    const std::string text = read_text("/proc/self/cgroup").value_or("");
    // Each line is "id:controllers:path".
    for (size_t begin = 0, end; begin < text.size(); begin = end + 1) {
      end = std::min(text.find('\n', begin), text.size());
      const std::string line = text.substr(begin, end - begin);
      const size_t first = line.find(':');
      const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
      if (second == std::string::npos) continue;
      found.push_back({line.substr(first + 1, second - first - 1), line.substr(second + 1)});
    }
    return found;
  }();
  return groups;
}

bool lists_controller(const std::string& list, const std::string& controller) {
  return ("," + list + ",").find("," + controller + ",") != std::string::npos;
}

}  // namespace

std::vector<std::string> read_cgroup_files(const std::string& controller, const std::string& v1_name,
                                           const std::string& v2_name) {
  std::vector<std::string> found;
  for (const Group& group : own_groups()) {
    if (group.controllers.empty()) {
      read_upwards("/sys/fs/cgroup", group.path, v2_name, &found);
    } else if (lists_controller(group.controllers, controller)) {
      read_upwards("/sys/fs/cgroup/" + controller, group.path, v1_name, &found);
    }
  }
  return found;
}

}  // namespace tenon::host
