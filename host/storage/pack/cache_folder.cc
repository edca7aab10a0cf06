#include "host/storage/pack/cache_folder.h"

#include <cerrno>

#include "host/storage/pack/temporary_file.h"

namespace tenon::host {
namespace {

// From the root down, so that each has its parent.
Status make_folders(const std::filesystem::path& folder, FileOps& files) {
  std::error_code ignored;
  if (folder.empty() || std::filesystem::exists(folder, ignored)) return {};
  if (folder.has_relative_path()) TENON_RETURN_IF_ERROR(make_folders(folder.parent_path(), files));
  const int made = files.make_folder(folder.string());
  return made < 0 && made != -EEXIST ? file_failure("cannot make the folder", folder, -made) : Status();
}

}  // namespace

Result<std::filesystem::path> settled_cache_folder(std::filesystem::path folder) {
  if (folder.empty()) {
    TENON_ASSIGN_OR_RETURN(folder, default_cache_folder());
  }
  std::error_code failed;
  folder = std::filesystem::absolute(folder, failed).lexically_normal();
  if (failed) return error(TN_UNSUPPORTED, "the cache folder has no absolute path: ", failed.message());
  return folder.has_filename() ? folder : folder.parent_path();
}

Status make_private_folder(const std::filesystem::path& folder, FileOps& files) {
  const Status found = check_private_folder(folder);
  if (found.code() != TN_NOT_FOUND) return found;
  TENON_RETURN_IF_ERROR(make_folders(folder, files));
  return check_private_folder(folder);
}

}  // namespace tenon::host
