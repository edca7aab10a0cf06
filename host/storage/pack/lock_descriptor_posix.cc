#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "host/storage/pack/lock_descriptor.h"
#include "host/storage/pack/temporary_file.h"

namespace tenon::host {

Result<FileDescriptor> open_lock_descriptor(const std::filesystem::path& path, FileOps& files) {
  constexpr int kAttempts = 100;  // who releases a lock removes its file
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    FileDescriptor existing(open(path.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (existing.is_open()) return existing;
    if (errno != ENOENT) return file_failure("cannot open the lock", path, errno);
    const int made = files.create(path.string());
    if (made >= 0) return FileDescriptor(made);
    if (made != -EEXIST) return file_failure("cannot make the lock", path, -made);
  }
  return error(TN_UNSUPPORTED, "the lock '", path.string(), "' comes and goes");
}

bool is_named(const FileDescriptor& file, const std::filesystem::path& path) {
  struct stat held, named;
  return fstat(file.get(), &held) == 0 && lstat(path.c_str(), &named) == 0 && held.st_ino == named.st_ino &&
         held.st_dev == named.st_dev;
}

}  // namespace tenon::host
