#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <system_error>

#include "host/storage/file_descriptor.h"

namespace tenon::host {
namespace {

std::string errno_text(int number) {
  return std::generic_category().message(number);
}

int64_t nanoseconds(const timespec& t) {
  return static_cast<int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

FileIdentity identity_of(const struct stat& info) {
  return {info.st_dev, info.st_ino, static_cast<uint64_t>(info.st_size), nanoseconds(info.st_mtim),
          nanoseconds(info.st_ctim)};
}

const char* kind_of_file(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  return "not a regular file";
}

Result<OpenedFile> regular_file(FileDescriptor descriptor, const std::string& shown, tn_code wrong_kind) {
  struct stat info;
  if (fstat(descriptor.get(), &info) != 0)
    return error(TN_INVALID_ARGUMENT, shown, ": cannot be examined: ", errno_text(errno));
  if (!S_ISREG(info.st_mode))
    return error(wrong_kind, shown, ": is ", kind_of_file(info.st_mode), ", expected a regular file");
  OpenedFile file;
  file.identity = identity_of(info);
  file.hard_links = info.st_nlink;
  TENON_ASSIGN_OR_RETURN(file.real_path, descriptor.real_path());
  file.descriptor = std::move(descriptor);
  return file;
}

Result<FileDescriptor> open_folder(const std::filesystem::path& path, const char* role) {
  const std::filesystem::path shown = path.empty() ? std::filesystem::path(".") : path;
  FileDescriptor descriptor(open(shown.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor.is_open())
    return error(errno == ENOENT ? TN_NOT_FOUND : TN_INVALID_ARGUMENT, role, " ", shown,
                 " cannot be opened: ", errno_text(errno));
  return descriptor;
}

// The part of `path` below `base`, both real paths; nothing when it is not beneath.
std::optional<std::string> path_below(const std::string& base, const std::string& path) {
  if (path == base) return std::string();
  const std::string prefix = base == "/" ? base : base + "/";
  if (path.rfind(prefix, 0) != 0) return std::nullopt;
  return path.substr(prefix.size()) + "/";
}

Status check_location(const std::string& location) {
  if (location.empty())
    return error(TN_INVALID_MODEL, "the location of external data is empty: expected a file name beside the model");
  if (location.find('\0') != std::string::npos)
    return error(TN_INVALID_MODEL, "the location of external data contains a zero byte");
  if (location[0] == '/')
    return error(TN_INVALID_MODEL, "external data location '", location,
                 "' is absolute: ONNX wants it relative to the model's folder");
  return {};
}

Status beneath_error(int number, const std::string& location, const std::string& root_path) {
  switch (number) {
    case ENOENT:
    case ENOTDIR:
      return error(TN_NOT_FOUND, "external data file '", location, "' is missing beneath '", root_path,
                   "': put it beside the model under that name");
    case EXDEV:
      return error(TN_INVALID_MODEL, "external data location '", location, "' leads out of '", root_path,
                   "': if that is meant, name the folder that holds all of it with the option external_data_root");
    case ELOOP:
      return error(TN_INVALID_MODEL, "external data location '", location,
                   "' runs through too many symbolic links, or through one of /proc");
    default:
      return error(TN_INVALID_ARGUMENT, "external data file '", location, "' beneath '", root_path,
                   "' cannot be opened: ", errno_text(number));
  }
}

Status check_hard_links(const OpenedFile& file, const std::string& location) {
  if (file.hard_links <= 1) return {};
  return error(TN_INVALID_MODEL, "external data file '", location, "' has ", file.hard_links,
               " hard links, so it may be another file of this machine under a borrowed name: copy it, or name its "
               "folder with the option external_data_root");
}

// The folder of the file that a link at `model` leads to; nothing when it is no link.
std::optional<std::string> folder_behind_link(const std::filesystem::path& model) {
  struct stat info;
  if (lstat(model.c_str(), &info) != 0 || !S_ISLNK(info.st_mode)) return std::nullopt;
  const auto file = open_regular_file(model);
  if (!file.is_ok()) return std::nullopt;
  return std::filesystem::path(file->real_path).parent_path().string();
}

// The file that the link `folder`/`location` leads to, which must lie beneath `target`. The link itself lies beneath
// the folder: only its own text may lead out.
Result<OpenedFile> open_link_into(const std::filesystem::path& folder, const std::string& location,
                                  const std::string& target) {
  TENON_RETURN_IF_ERROR(check_location(location));
  const std::filesystem::path name = std::filesystem::path(location).filename();
  const std::filesystem::path within = std::filesystem::path(location).parent_path();
  if (name.empty() || name == "." || name == "..") return error(TN_INVALID_MODEL, "'", location, "' names no file");
  TENON_ASSIGN_OR_RETURN(const FileDescriptor base, open_folder(folder, "folder"));
  FileDescriptor holder;
  if (!within.empty()) {
    TENON_ASSIGN_OR_RETURN(const std::string base_path, base.real_path());
    BeneathResult result = resolve_beneath_by_walk(base, base_path, within.string());
    if (!result.descriptor.is_open()) return beneath_error(result.error_number, location, base_path);
    holder = std::move(result.descriptor);
  }
  const int at = holder.is_open() ? holder.get() : base.get();
  struct stat info;
  if (fstatat(at, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISLNK(info.st_mode))
    return error(TN_INVALID_MODEL, "'", location, "' is no link");
  FileDescriptor descriptor(openat(at, name.c_str(), O_PATH | O_CLOEXEC));
  if (!descriptor.is_open()) return beneath_error(errno, location, target);
  TENON_ASSIGN_OR_RETURN(
      OpenedFile file, regular_file(std::move(descriptor), "external data file '" + location + "'", TN_INVALID_MODEL));
  if (!path_below(target, file.real_path)) return beneath_error(EXDEV, location, target);
  TENON_RETURN_IF_ERROR(check_hard_links(file, location));
  return file;
}

}  // namespace

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) close(fd_);
}

FileDescriptor FileDescriptor::reopen_to_read() const {
  return FileDescriptor(open(reopen_path().c_str(), O_RDONLY | O_CLOEXEC));
}

bool FileDescriptor::read_exactly(uint64_t offset, std::span<std::byte> bytes) const {
  while (!bytes.empty()) {
    const ssize_t got = pread(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(got));
    offset += static_cast<uint64_t>(got);
  }
  return true;
}

std::string FileDescriptor::reopen_path() const {
  return "/proc/self/fd/" + std::to_string(fd_);
}

Result<std::string> FileDescriptor::real_path() const {
  char buffer[PATH_MAX];
  const ssize_t n = readlink(reopen_path().c_str(), buffer, sizeof buffer);
  if (n < 0 || n == sizeof buffer) return error(TN_INTERNAL, "cannot read ", reopen_path(), ": is /proc mounted?");
  return std::string(buffer, static_cast<size_t>(n));
}

std::optional<FileIdentity> identity_of_path(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return std::nullopt;
  return identity_of(info);
}

Result<OpenedFile> open_regular_file(const std::filesystem::path& path) {
  const std::string shown = path.string();
  if (shown.empty()) return error(TN_INVALID_ARGUMENT, "the path of the file is empty");
  FileDescriptor descriptor(open(shown.c_str(), O_PATH | O_CLOEXEC));
  if (!descriptor.is_open()) {
    const bool missing = errno == ENOENT || errno == ENOTDIR;
    return error(missing ? TN_NOT_FOUND : TN_INVALID_ARGUMENT, shown,
                 missing ? ": no such file" : ": cannot be opened: " + errno_text(errno));
  }
  return regular_file(std::move(descriptor), shown, TN_INVALID_ARGUMENT);
}

Result<OpenedFile> open_regular_file_beneath(const std::filesystem::path& folder, const std::string& location,
                                             const std::filesystem::path& root) {
  TENON_RETURN_IF_ERROR(check_location(location));
  TENON_ASSIGN_OR_RETURN(FileDescriptor root_fd,
                         open_folder(root.empty() ? folder : root, root.empty() ? "folder" : "external_data_root"));
  TENON_ASSIGN_OR_RETURN(const std::string root_path, root_fd.real_path());
  std::string path = location;
  if (!root.empty()) {
    TENON_ASSIGN_OR_RETURN(const FileDescriptor folder_fd, open_folder(folder, "folder"));
    TENON_ASSIGN_OR_RETURN(const std::string folder_path, folder_fd.real_path());
    const auto below = path_below(root_path, folder_path);
    if (!below)
      return error(TN_INVALID_ARGUMENT, "the model's folder '", folder_path,
                   "' does not lie beneath external_data_root '", root_path,
                   "': name a folder that holds both the model and its data");
    path = *below + location;
  }
  BeneathResult result = resolve_beneath_by_kernel(root_fd, path);
  // The kernel refuses every absolute link; the walk tells those that stay beneath from those that leave.
  if (result.error_number == ENOSYS || result.error_number == EPERM || result.error_number == EAGAIN ||
      result.error_number == EXDEV)
    result = resolve_beneath_by_walk(root_fd, root_path, path);
  if (!result.descriptor.is_open()) return beneath_error(result.error_number, location, root_path);
  TENON_ASSIGN_OR_RETURN(OpenedFile file, regular_file(std::move(result.descriptor),
                                                       "external data file '" + location + "'", TN_INVALID_MODEL));
  if (root.empty()) TENON_RETURN_IF_ERROR(check_hard_links(file, location));
  return file;
}

Result<OpenedFile> open_data_file(const std::filesystem::path& model, const std::string& location,
                                  const std::filesystem::path& root) {
  const std::filesystem::path folder = model.parent_path();
  auto plain = open_regular_file_beneath(folder, location, root);
  const tn_code code = plain.status().code();
  if (plain.is_ok() || !root.empty() || (code != TN_INVALID_MODEL && code != TN_NOT_FOUND)) return plain;
  const auto linked = folder_behind_link(model);
  if (!linked) return plain;
  auto behind = code == TN_NOT_FOUND ? open_regular_file_beneath(*linked, location, {})
                                     : open_link_into(folder, location, *linked);
  return behind.is_ok() ? std::move(behind) : std::move(plain);
}

}  // namespace tenon::host
