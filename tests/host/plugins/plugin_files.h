// Paths and bytes of the plugin libraries that tests/plugins builds.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace tenon::host {

/// Offset of e_machine in a 64-bit ELF file.
inline constexpr size_t kElfMachineOffset = 18;
/// Offset of e_shoff there.
inline constexpr size_t kElfSectionHeadersOffset = 40;

inline std::string plugin_path(const std::string& name) {
  return std::string(TENON_BINARY_DIR) + "/tests/plugins/lib" + name + ".so";
}

inline std::string read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

/// A path in the temporary folder that no other process uses; the file is removed at the end.
class ScratchFile {
 public:
  explicit ScratchFile(const std::string& name)
      : path_(std::filesystem::temp_directory_path() / ("tenon_" + std::to_string(getpid()) + "_" + name)) {}
  ~ScratchFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  void write(const std::string& bytes) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc).write(bytes.data(), static_cast<long>(bytes.size()));
  }

 private:
  std::filesystem::path path_;
};

}  // namespace tenon::host
