#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <system_error>

#include "host/storage/file_descriptor.h"
#include "host/storage/pack/cache_folder.h"

namespace tenon::host {
namespace {

std::filesystem::path path_in_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::filesystem::path() : std::filesystem::path(value);
}

std::filesystem::path home_folder() {
  const auto home = path_in_environment("HOME");
  if (home.is_absolute()) return home;
  passwd entry;
  passwd* found = nullptr;
  char buffer[4096];
  if (getpwuid_r(geteuid(), &entry, buffer, sizeof buffer, &found) != 0 || found == nullptr) return {};
  return found->pw_dir;
}

template <typename... Parts>
Status refuse_folder(const std::filesystem::path& folder, const Parts&... parts) {
  return error(TN_UNSUPPORTED, "the cache folder '", folder.string(), "' ", parts...);
}

}  // namespace

Result<std::filesystem::path> default_cache_folder() {
  const auto named = path_in_environment(kCacheFolderVariable);
  if (!named.empty()) return named;
  const auto cache = path_in_environment("XDG_CACHE_HOME");
  if (cache.is_absolute()) return cache / "tenon";
  const auto home = home_folder();
  if (home.is_absolute()) return home / ".cache" / "tenon";
  return error(TN_UNSUPPORTED, "no folder for packs is known: set TENON_CACHE_DIR, XDG_CACHE_HOME or HOME");
}

Status check_private_folder(const std::filesystem::path& folder) {
  const FileDescriptor opened(open(folder.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat info;
  if (!opened.is_open() && errno == ENOENT) return error(TN_NOT_FOUND, "the folder '", folder.string(), "' is missing");
  if (!opened.is_open() || fstat(opened.get(), &info) != 0)
    return refuse_folder(folder, "cannot be opened: ", std::generic_category().message(errno));
  if (S_ISLNK(info.st_mode))
    return refuse_folder(folder, "is a symbolic link: name the folder that it leads to with TENON_CACHE_DIR");
  if (!S_ISDIR(info.st_mode)) return refuse_folder(folder, "is not a folder");
  if (info.st_uid != geteuid())
    return refuse_folder(folder, "belongs to user ", info.st_uid, ", expected ", geteuid(),
                         ": name one of your own with TENON_CACHE_DIR");
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return refuse_folder(folder, "may be written by other users: take that away with chmod go-w");
  return {};
}

Status check_writable_folder(const std::filesystem::path& folder) {
  if (faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return {};
  return refuse_folder(folder, "cannot be written: ", std::generic_category().message(errno),
                       ": name one that can be with TENON_CACHE_DIR");
}

bool is_unsafe_folder(const std::filesystem::path& folder) {
  struct stat info;
  if (lstat(folder.c_str(), &info) != 0) return false;
  if (S_ISLNK(info.st_mode)) return true;
  return S_ISDIR(info.st_mode) && info.st_uid == geteuid() && (info.st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

// Not by std::filesystem, whose iterator ends the process when memory runs out.
std::vector<std::filesystem::path> files_with_suffix(const std::filesystem::path& folder, std::string_view suffix) {
  std::vector<std::filesystem::path> found;
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(opendir(folder.c_str()), closedir);
  while (const dirent* entry = listing != nullptr ? readdir(listing.get()) : nullptr)
    if (std::string_view(entry->d_name).ends_with(suffix)) found.push_back(folder / entry->d_name);
  return found;
}

}  // namespace tenon::host
