// What the operating system and its dynamic loader tell about this process and its files. Thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace tenon::host {

/// Two paths with one number are the same file.
struct FileNumber {
  uint64_t device;
  uint64_t inode;
  bool operator==(const FileNumber&) const = default;
};
/// Nothing when the file cannot be looked at.
std::optional<FileNumber> file_number(const std::filesystem::path& path);
/// TN_SANITIZER_... bits: the sanitizer runtimes in this process, whether the executable, a preload or the host itself
/// brought them.
uint32_t running_sanitizers();
/// What the loader says of its last failure in this thread.
std::string last_loader_error();

}  // namespace tenon::host
