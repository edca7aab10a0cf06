#include "host/storage/pack/temporary_file.h"

#include <cerrno>
#include <random>
#include <system_error>

#include "host/storage/digest.h"
#include "host/storage/pack/file_mark.h"

namespace tenon::host {
namespace {

const char* mend_of(int number) {
  switch (number) {
    case ENOSPC:
    case EDQUOT: return ": free some room, or name a folder on another disk with TENON_CACHE_DIR";
    case EFBIG: return ": raise the limit for the size of files (ulimit -f), or name TENON_PACK=off";
    case EROFS:
    case EACCES:
    case EPERM: return ": name a folder that can be written with TENON_CACHE_DIR";
    default: return "";
  }
}

// Processes that share a folder may have equal process ids, so the name is drawn.
std::string drawn_name() {
  std::random_device random;
  return to_hex({uint64_t{random()} << 32 | random(), uint64_t{random()} << 32 | random()}) + kTemporarySuffix;
}

}  // namespace

Status file_failure(const char* what, const std::filesystem::path& path, int number) {
  return error(TN_UNSUPPORTED, what, " '", path.string(), "': ", std::generic_category().message(number),
               mend_of(number));
}

Result<std::unique_ptr<TemporaryFile>> TemporaryFile::create(const std::filesystem::path& folder, FileOps& files) {
  constexpr int kAttempts = 16;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto path = folder / drawn_name();
    const int opened = files.create(path.string());
    if (opened == -EEXIST) continue;
    if (opened < 0) return file_failure("cannot make", path, -opened);
    std::unique_ptr<TemporaryFile> file(new TemporaryFile(FileDescriptor(opened), path, files));
    // Who cleans up may have come between the two calls.
    if (mark_in_use(file->descriptor_)) return file;
  }
  return error(TN_UNSUPPORTED, "cannot make a temporary file in '", folder.string(),
               "': the files made there are taken away, or cannot be locked");
}

TemporaryFile::~TemporaryFile() {
  if (!renamed_) files_.unlink(path_.native());  // string() would need memory
}

Status TemporaryFile::write(std::span<const std::byte> bytes, uint64_t offset) {
  while (!bytes.empty()) {
    const int64_t written = files_.write_at(descriptor_.get(), bytes, offset);
    if (written <= 0) return file_failure("cannot write", path_, written < 0 ? static_cast<int>(-written) : ENOSPC);
    bytes = bytes.subspan(static_cast<size_t>(written));
    offset += static_cast<uint64_t>(written);
  }
  return {};
}

Status TemporaryFile::sync() {
  const int synced = files_.sync_data(descriptor_.get());
  return synced < 0 ? file_failure("cannot write to the disk", path_, -synced) : Status();
}

Status TemporaryFile::rename_to(const std::filesystem::path& target) {
  const int renamed = files_.rename(path_.string(), target.string());
  if (renamed < 0) return file_failure("cannot make", target, -renamed);
  renamed_ = true;
  return {};
}

Result<FileIdentity> TemporaryFile::identity() const {
  return identity_of(descriptor_);
}

}  // namespace tenon::host
