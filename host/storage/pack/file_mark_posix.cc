#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

#include "host/storage/pack/file_mark.h"

namespace tenon::host {
namespace {

constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;

int64_t in_nanoseconds(const timespec& time) {
  return static_cast<int64_t>(time.tv_sec) * kNanosecondsPerSecond + time.tv_nsec;
}

FileIdentity to_identity(const struct stat& info) {
  return {info.st_dev, info.st_ino, static_cast<uint64_t>(info.st_size), in_nanoseconds(info.st_mtim),
          in_nanoseconds(info.st_ctim)};
}

Status refuse_file(const std::filesystem::path& path, const std::string& reason) {
  return error(TN_UNSUPPORTED, "'", path.string(), "' ", reason);
}

Status check_owner(const std::filesystem::path& path, const struct stat& info, OwnerRule rule) {
  if (S_ISLNK(info.st_mode)) return refuse_file(path, "is a symbolic link, expected a file");
  if (!S_ISREG(info.st_mode)) return refuse_file(path, "is not a regular file");
  if (rule == OwnerRule::kAnybody) return {};
  const bool ours = info.st_uid == geteuid() || (rule == OwnerRule::kThisUserOrRoot && info.st_uid == 0);
  if (!ours)
    return refuse_file(path, concat("belongs to user ", info.st_uid, ", expected ", geteuid(),
                                    ": packs of other users are not trusted"));
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return refuse_file(path, "may be written by other users: take that away with chmod go-w");
  return {};
}

}  // namespace

Result<MarkedFile> open_marked(const std::filesystem::path& path, OwnerRule rule) {
  const int follow = rule == OwnerRule::kThisUser ? O_NOFOLLOW : 0;
  // Looked at before it is opened to read, as the opening of a device or a FIFO may have an effect.
  const FileDescriptor seen(open(path.c_str(), O_PATH | O_CLOEXEC | follow));
  if (!seen.is_open()) {
    if (errno == ENOENT || errno == ENOTDIR) return error(TN_NOT_FOUND, "'", path.string(), "': no such file");
    return refuse_file(path, "cannot be opened: " + std::generic_category().message(errno));
  }
  struct stat info;
  if (fstat(seen.get(), &info) != 0)
    return refuse_file(path, "cannot be examined: " + std::generic_category().message(errno));
  TENON_RETURN_IF_ERROR(check_owner(path, info, rule));
  MarkedFile file{FileDescriptor(open(seen.reopen_path().c_str(), O_RDONLY | O_CLOEXEC)), to_identity(info)};
  if (!file.descriptor.is_open()) return refuse_file(path, "cannot be read: " + std::generic_category().message(errno));
  mark_in_use(file.descriptor);
  return file;
}

bool mark_in_use(const FileDescriptor& file) {
  constexpr int kAttempts = 5;  // who removes a file, or asks for its mark, holds it for an instant
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (flock(file.get(), LOCK_SH | LOCK_NB) == 0) {
      struct stat info;
      return fstat(file.get(), &info) == 0 && info.st_nlink > 0;
    }
    if (errno != EWOULDBLOCK && errno != EINTR) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

bool is_in_use(const std::filesystem::path& path) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  return file.is_open() && flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

bool remove_unused(const std::filesystem::path& path, FileOps& files) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file.is_open() || flock(file.get(), LOCK_EX | LOCK_NB) != 0) return false;
  struct stat held, named;
  // Another file may have been renamed to this path since it was opened.
  const bool same = fstat(file.get(), &held) == 0 && lstat(path.c_str(), &named) == 0 && held.st_ino == named.st_ino &&
                    held.st_dev == named.st_dev;
  return same && files.unlink(path.string()) == 0;
}

Result<FileIdentity> identity_of(const FileDescriptor& file) {
  struct stat info;
  if (fstat(file.get(), &info) != 0)
    return error(TN_INTERNAL, "an open file cannot be examined: ", std::generic_category().message(errno));
  return to_identity(info);
}

void wait_until_settled(const FileIdentity& identity) {
  constexpr int64_t kLongestTick = 20'000'000;
  for (;;) {
    timespec now;
    if (clock_gettime(CLOCK_REALTIME_COARSE, &now) != 0) return;
    // A change further in the future was made before the clock was set back.
    const int64_t ahead = identity.changed_ns - in_nanoseconds(now);
    if (ahead < 0 || ahead > kLongestTick) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

Status read_at(const FileDescriptor& file, std::span<std::byte> bytes, uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t n = pread(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return error(TN_DATA_LOST, "cannot be read: ", std::generic_category().message(errno));
    if (n == 0) return error(TN_DATA_LOST, "ends at ", offset, ", it was cut short");
    bytes = bytes.subspan(static_cast<size_t>(n));
    offset += static_cast<uint64_t>(n);
  }
  return {};
}

}  // namespace tenon::host
