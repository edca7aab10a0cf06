// Facts proven once on this machine, a small file each: named by the digest of the text, holding the text and that
// digest, so that a torn or foreign file states nothing. Thread-safe, and safe between processes.
#pragma once

#include <filesystem>
#include <string>

#include "host/base/status.h"
#include "host/storage/pack/file_ops.h"

namespace tenon::host {

class FactStore {
 public:
  FactStore(std::filesystem::path folder, FileOps& files) : folder_(std::move(folder)), files_(files) {}

  bool knows(const std::string& fact) const;
  /// Makes the folder when it is missing. TN_UNSUPPORTED: why the fact cannot be kept.
  Status remember(const std::string& fact);
  /// Leaves the `most` facts that were stated or used last; returns the number of files removed.
  uint64_t forget_past(size_t most);

 private:
  std::filesystem::path path_of(const std::string& fact) const;

  std::filesystem::path folder_;
  FileOps& files_;
};

}  // namespace tenon::host
