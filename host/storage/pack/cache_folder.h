// The folder that packs lie in: where it is, and whether it may be trusted. Thread-safe.
#pragma once

#include <filesystem>
#include <vector>

#include "host/base/status.h"
#include "host/storage/pack/file_ops.h"

namespace tenon::host {

/// Names the folder of packs.
inline constexpr char kCacheFolderVariable[] = "TENON_CACHE_DIR";

/// kCacheFolderVariable, else $XDG_CACHE_HOME/tenon, else ~/.cache/tenon. TN_UNSUPPORTED when none of them is known.
Result<std::filesystem::path> default_cache_folder();
/// `folder`, or default_cache_folder() for an empty one; absolute, and without a separator at its end, which would be
/// followed were the folder a link.
Result<std::filesystem::path> settled_cache_folder(std::filesystem::path folder);
/// A real folder (no symbolic link) of this user, not writable by group or others. TN_NOT_FOUND when it is missing,
/// TN_UNSUPPORTED with the reason when it is anything else.
Status check_private_folder(const std::filesystem::path& folder);
/// Makes `folder` and those on the way that are missing, 0700, and checks it.
Status make_private_folder(const std::filesystem::path& folder, FileOps& files);
/// TN_UNSUPPORTED when this user may not write to the folder, or its disk is read-only.
Status check_writable_folder(const std::filesystem::path& folder);
/// A folder that could be written, were it not refused for what only its owner can mend: it is a link, or others may
/// write to it.
bool is_unsafe_folder(const std::filesystem::path& folder);
/// The files of a folder whose name ends with `suffix`; none when it cannot be read.
std::vector<std::filesystem::path> files_with_suffix(const std::filesystem::path& folder, std::string_view suffix);

}  // namespace tenon::host
