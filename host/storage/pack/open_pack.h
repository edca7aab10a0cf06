// PackFile::open with a rule for the owner of the file. Thread-safe.
#pragma once

#include <filesystem>
#include <memory>

#include "host/base/status.h"
#include "host/storage/pack/file_mark.h"
#include "host/storage/pack/pack_file.h"

namespace tenon::host {

/// As PackFile::open without blobs; TN_UNSUPPORTED when `rule` refuses the file.
Result<std::shared_ptr<const PackFile>> open_pack(const std::filesystem::path& path, OwnerRule rule);

}  // namespace tenon::host
