#include "host/packs/source_check.h"

#include "host/packs/source_state.h"

namespace tenon::host {

Result<std::shared_ptr<const FileMapping>> ModelPlace::map(const std::string& location) const {
  if (!location.empty()) return FileMapping::open_beside(model, location, root);
  return file != nullptr ? file : FileMapping::open(model);
}

Result<std::vector<SourceFile>> SourceCheck::map(const std::vector<PlanSource>& sources, bool by_identity) const {
  std::vector<SourceFile> files;
  for (const PlanSource& source : sources) {
    auto mapping = place_.map(source.location);
    if (!mapping.is_ok()) return mapping.status();
    const FileIdentity& identity = (*mapping)->identity();
    if (by_identity ? identity != source.identity : identity.size != source.identity.size)
      return error(TN_UNSUPPORTED, (*mapping)->path().string(), " is not the file that it was made from");
    if (!by_identity && !source.digest)
      return error(TN_UNSUPPORTED, "it knows ", (*mapping)->path().string(), " by its identity on another machine");
    if (!by_identity) TENON_RETURN_IF_ERROR(check_digest(**mapping, *source.digest));
    files.push_back({source.location, std::move(*mapping)});
  }
  return files;
}

Status SourceCheck::check_digest(const FileMapping& file, const Digest& expected) const {
  const std::string fact = concat("file ", identity_text(file.identity()), " has digest ", to_hex(expected));
  if (store_ != nullptr && store_->knows(fact)) return {};
  TENON_ASSIGN_OR_RETURN(const Digest digest, full_digest(file));
  if (digest != expected)
    return error(TN_UNSUPPORTED, file.path().string(), " has other bytes than the file that it was made from");
  if (store_ != nullptr) store_->remember(fact);
  return {};
}

}  // namespace tenon::host
