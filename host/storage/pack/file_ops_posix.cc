#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "host/storage/file_descriptor.h"
#include "host/storage/pack/file_ops.h"

namespace tenon::host {
namespace {

// Repeats an interrupted call; -errno instead of -1.
template <typename Call>
int64_t call_system(const Call& call) {
  for (;;) {
    const int64_t result = call();
    if (result >= 0) return result;
    if (errno != EINTR) return -errno;
  }
}

constexpr int64_t kEarlyBytes = 256 * 1024;

// A write past the process's limit for files would end it by a signal (SIGXFSZ).
bool passes_size_limit(uint64_t end) {
  rlimit limit;
  return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && end > limit.rlim_cur;
}

class PosixFileOps final : public FileOps {
 public:
  int create(const std::string& path) override {
    constexpr int kFlags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    return static_cast<int>(call_system([&] { return open(path.c_str(), kFlags, 0600); }));
  }
  int64_t write_at(int descriptor, std::span<const std::byte> bytes, uint64_t offset) override {
    if (passes_size_limit(offset + bytes.size())) return -EFBIG;
    const auto at = static_cast<off_t>(offset);
    const int64_t written = call_system([&] { return pwrite(descriptor, bytes.data(), bytes.size(), at); });
    // The disk begins while more is made, so that sync_data() waits for less. Only a hint: failures are sync_data()'s.
    if (written >= kEarlyBytes) (void)sync_file_range(descriptor, at, written, SYNC_FILE_RANGE_WRITE);
    return written;
  }
  int sync_data(int descriptor) override {
    return static_cast<int>(call_system([&] { return fdatasync(descriptor); }));
  }
  int sync_folder(const std::string& path) override {
    const char* folder_path = path.empty() ? "." : path.c_str();  // of a file that is named without a folder
    const auto opened = call_system([&] { return open(folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
    if (opened < 0) return static_cast<int>(opened);
    const FileDescriptor folder(static_cast<int>(opened));
    return static_cast<int>(call_system([&] { return fsync(folder.get()); }));
  }
  int rename(const std::string& from, const std::string& to) override {
    return static_cast<int>(call_system([&] { return ::rename(from.c_str(), to.c_str()); }));
  }
  int unlink(const std::string& path) override {
    return static_cast<int>(call_system([&] { return ::unlink(path.c_str()); }));
  }
  int make_folder(const std::string& path) override {
    return static_cast<int>(call_system([&] { return mkdir(path.c_str(), 0700); }));
  }
  int touch(const std::string& path) override {
    const int touched = set_time_to_now(path);
    if (touched != -ENOENT) return touched;
    const int made = create(path);
    if (made < 0) return made == -EEXIST ? set_time_to_now(path) : made;
    close(made);
    return 0;
  }

 private:
  static int set_time_to_now(const std::string& path) {
    return static_cast<int>(
        call_system([&] { return utimensat(AT_FDCWD, path.c_str(), nullptr, AT_SYMLINK_NOFOLLOW); }));
  }
};

}  // namespace

FileOps& FileOps::posix() {
  static PosixFileOps files;
  return files;
}

}  // namespace tenon::host
