// The system calls that change something on disk, behind an interface, so that tests can let any of them fail, fall
// short or be the last before a kill. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace tenon::host {

/// Every call returns what the system call of that name returns, and -errno instead of -1. Interrupted calls are
/// repeated.
class FileOps {
 public:
  /// The system's own.
  static FileOps& posix();

  virtual ~FileOps() = default;
  /// Makes and opens a regular file for reading and writing, 0600. Returns its descriptor; -EEXIST when there is one.
  virtual int create(const std::string& path) = 0;
  /// Returns the number of bytes written, which may be fewer than given.
  virtual int64_t write_at(int descriptor, std::span<const std::byte> bytes, uint64_t offset) = 0;
  /// The data of a file, and what is needed to find it again, reach the disk.
  virtual int sync_data(int descriptor) = 0;
  /// The names in a folder reach the disk.
  virtual int sync_folder(const std::string& path) = 0;
  virtual int rename(const std::string& from, const std::string& to) = 0;
  virtual int unlink(const std::string& path) = 0;
  /// One folder, 0700.
  virtual int make_folder(const std::string& path) = 0;
  /// Sets the time of modification to now; makes an empty file (0600) when there is none.
  virtual int touch(const std::string& path) = 0;
};

}  // namespace tenon::host
