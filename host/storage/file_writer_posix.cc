#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include "host/storage/file_descriptor.h"
#include "host/storage/file_writer.h"

namespace tenon::host {
namespace {

constexpr size_t kMostBytesPerWrite = size_t{1} << 30;

class TemporaryFileWriter final : public FileWriter {
 public:
  TemporaryFileWriter(FileDescriptor file, std::filesystem::path temporary, std::filesystem::path target)
      : file_(std::move(file)), temporary_(std::move(temporary)), target_(std::move(target)) {}
  ~TemporaryFileWriter() override {
    if (!published_) ::unlink(temporary_.c_str());
  }

  Status write(std::span<const std::byte> bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(file_.get(), bytes.data(), std::min(bytes.size(), kMostBytesPerWrite));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return failure("cannot be written");
      bytes = bytes.subspan(static_cast<size_t>(written));
      size_ += static_cast<uint64_t>(written);
    }
    return {};
  }

  Status pad(uint64_t alignment) override {
    static constexpr std::array<std::byte, 4096> kZeros{};
    uint64_t missing = (alignment - size_ % alignment) % alignment;
    while (missing > 0) {
      const uint64_t part = std::min<uint64_t>(missing, kZeros.size());
      TENON_RETURN_IF_ERROR(write(std::span(kZeros).first(part)));
      missing -= part;
    }
    return {};
  }

  uint64_t size() const override { return size_; }

  Status publish() override {
    if (::fsync(file_.get()) != 0) return failure("cannot be written to its disk");
    if (::rename(temporary_.c_str(), target_.c_str()) != 0) return failure("cannot be put in place");
    published_ = true;
    return {};
  }

 private:
  Status failure(const char* what) const {
    const int reason = errno;
    return error(TN_INVALID_ARGUMENT, target_.string(), ": ", what, ": ", std::generic_category().message(reason));
  }

  FileDescriptor file_;
  std::filesystem::path temporary_, target_;
  uint64_t size_ = 0;
  bool published_ = false;
};

}  // namespace

Result<std::unique_ptr<FileWriter>> FileWriter::create(const std::filesystem::path& target) {
  static std::atomic<unsigned> serial{0};
  if (!target.has_filename())
    return error(TN_INVALID_ARGUMENT, "'", target.string(), "' names no file to write: give a file name");
  const std::filesystem::path temporary =
      target.parent_path() / concat(".", target.filename().string(), ".", ::getpid(), ".", serial++, ".partial");
  FileDescriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!file.is_open()) {
    const int reason = errno;
    return error(TN_INVALID_ARGUMENT, target.string(), ": cannot be made: ", std::generic_category().message(reason),
                 ": the folder must exist and be writable");
  }
  return std::unique_ptr<FileWriter>(std::make_unique<TemporaryFileWriter>(std::move(file), temporary, target));
}

}  // namespace tenon::host
