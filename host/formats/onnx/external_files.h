// The external data of one model: finds the bytes that a tensor's `external_data` entries name. Each file is opened
// once. Not thread-safe; lives as long as one import.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "host/base/status.h"
#include "host/formats/onnx/onnx_proto.h"
#include "host/storage/file_mapping.h"

namespace tenon::host {

/// `bytes` lie in `file`.
struct ExternalBytes {
  std::span<const std::byte> bytes;
  std::shared_ptr<const FileMapping> file;
  uint64_t offset = 0;
};

class ExternalFiles {
 public:
  /// Of no model: none may be read.
  ExternalFiles() = default;
  /// Of a model in a file. `root`: what locations must not leave; empty: see FileMapping::open_beside.
  static ExternalFiles beside(std::filesystem::path model, std::filesystem::path root) {
    return {std::move(model), {}, std::move(root)};
  }
  /// Of a model from memory. `folder`: what locations are relative to; empty: none may be read.
  static ExternalFiles in(std::filesystem::path folder, std::filesystem::path root) {
    return {{}, std::move(folder), std::move(root)};
  }

  /// `expected`: the length in bytes that type and dims ask for. TN_NOT_FOUND for a missing file, TN_INVALID_MODEL for
  /// entries that are wrong or that lead out of the root or past the end of the file.
  Result<ExternalBytes> find(const onnx::TensorProto& tensor, uint64_t expected);

  const std::map<std::string, std::shared_ptr<const FileMapping>>& files() const { return files_; }

 private:
  ExternalFiles(std::filesystem::path model, std::filesystem::path folder, std::filesystem::path root)
      : model_(std::move(model)), folder_(std::move(folder)), root_(std::move(root)) {}

  Result<std::shared_ptr<const FileMapping>> open(const std::string& location);

  std::filesystem::path model_, folder_, root_;
  std::map<std::string, std::shared_ptr<const FileMapping>> files_;  // by location
};

}  // namespace tenon::host
