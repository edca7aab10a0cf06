// Both ways to resolve a path that must stay beneath a folder. Descriptors are held for every folder on the way, so
// that no rename or new link made meanwhile can lead out.
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <deque>
#include <vector>

#include "host/storage/file_descriptor.h"

namespace tenon::host {
namespace {

constexpr int kMaxLinks = 40;  // as the kernel's own limit

BeneathResult failure(int number) {
  return {FileDescriptor(), number};
}

// Puts the components of `path` in front of those that are still to be walked.
void prepend_components(const std::string& path, std::deque<std::string>& pending) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    std::string part = path.substr(begin, end - begin);
    if (!part.empty() && part != ".") parts.push_back(std::move(part));
    begin = end + 1;
  }
  pending.insert(pending.begin(), parts.begin(), parts.end());
}

bool read_link(const FileDescriptor& link, std::string& target) {
  char buffer[PATH_MAX];
  const ssize_t n = readlinkat(link.get(), "", buffer, sizeof buffer);
  if (n <= 0 || n == sizeof buffer) return false;
  target.assign(buffer, static_cast<size_t>(n));
  return true;
}

}  // namespace

BeneathResult resolve_beneath_by_kernel(const FileDescriptor& root, const std::string& path) {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  const long fd = syscall(SYS_openat2, root.get(), path.c_str(), &how, sizeof how);
  return fd < 0 ? failure(errno) : BeneathResult{FileDescriptor(static_cast<int>(fd)), 0};
}

BeneathResult resolve_beneath_by_walk(const FileDescriptor& root, const std::string& root_path,
                                      const std::string& path) {
  std::deque<std::string> pending;
  prepend_components(path, pending);
  std::vector<FileDescriptor> folders;  // those entered below the root
  int links = 0;
  while (!pending.empty()) {
    const std::string name = std::move(pending.front());
    pending.pop_front();
    if (name == "..") {
      if (folders.empty()) return failure(EXDEV);
      folders.pop_back();
      continue;
    }
    const int folder = folders.empty() ? root.get() : folders.back().get();
    FileDescriptor entry(openat(folder, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!entry.is_open()) return failure(errno);
    struct stat info;
    if (fstat(entry.get(), &info) != 0) return failure(errno);
    if (S_ISLNK(info.st_mode)) {
      std::string target;
      if (++links > kMaxLinks) return failure(ELOOP);
      if (!read_link(entry, target)) return failure(errno != 0 ? errno : EINVAL);
      if (target[0] == '/') {
        const std::string prefix = root_path == "/" ? root_path : root_path + "/";
        if (target.rfind(prefix, 0) != 0) return failure(EXDEV);
        target.erase(0, prefix.size());
        folders.clear();
      }
      prepend_components(target, pending);
      continue;
    }
    if (pending.empty() && !S_ISDIR(info.st_mode)) return {std::move(entry), 0};
    if (!S_ISDIR(info.st_mode)) return failure(ENOTDIR);
    folders.push_back(std::move(entry));
  }
  if (folders.empty()) return failure(EISDIR);
  return {std::move(folders.back()), 0};
}

}  // namespace tenon::host
