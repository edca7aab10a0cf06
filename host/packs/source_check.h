// Holds the files of a model against what a plan says that it was made from. Not for several threads.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "host/packs/plan_reader.h"
#include "host/storage/file_mapping.h"
#include "host/storage/pack/pack_store.h"

namespace tenon::host {

/// A model and the folder that its external data may lie in (ImportOptions).
struct ModelPlace {
  std::filesystem::path model;
  std::filesystem::path root;
  std::shared_ptr<const FileMapping> file;  // of the model; nullptr: to be opened

  /// `location`: as SourceFile::location.
  Result<std::shared_ptr<const FileMapping>> map(const std::string& location) const;
};

class SourceCheck {
 public:
  /// `store`: knows digests that were proven before; nullptr: files are read each time. Must outlive the check.
  SourceCheck(ModelPlace place, PackStore* store) : place_(std::move(place)), store_(store) {}

  /// Maps them all. `by_identity`: the pack was made here, from these very files. Else they must have the bytes that it
  /// was made from. TN_UNSUPPORTED: one is another file.
  Result<std::vector<SourceFile>> map(const std::vector<PlanSource>& sources, bool by_identity) const;

 private:
  Status check_digest(const FileMapping& file, const Digest& expected) const;

  const ModelPlace place_;
  PackStore* const store_;
};

}  // namespace tenon::host
