#include "tools/pack_verdict.h"

#include "host/packs/plan_reader.h"
#include "host/packs/source_state.h"

namespace tenon::tools {
namespace {

// Reads in full the files that the pack was made from. Those that are what they were must still have the same bytes.
Verdict verify_sources(std::shared_ptr<const host::PackFile> pack, const std::filesystem::path& model) {
  if (pack->section(host::kPlanSection).empty()) return {};
  const auto plan = host::PackPlan::read(std::move(pack));
  if (!plan.is_ok()) return {plan.status(), "", ""};
  Verdict verdict;
  for (const host::PlanSource& source : (*plan)->sources()) {
    const auto path = source.location.empty() ? model : model.parent_path() / source.location;
    const auto file = host::FileMapping::open(path);
    if (!file.is_ok()) return {{}, file.status().message(), ""};
    if ((*file)->identity() != source.identity) return {{}, path.string() + " has changed since", ""};
    if (!source.digest) {
      verdict.unread = path.string();
      continue;
    }
    const auto digest = host::full_digest(**file);
    if (!digest.is_ok()) return {digest.status(), "", ""};
    if (*digest != *source.digest)
      return {host::error(TN_INVALID_MODEL, path.string(),
                          " has other bytes than when it was packed, under the same times: "
                          "its disk or its file system is at fault; restore the file and remove the pack"),
              "", ""};
  }
  return verdict;
}

}  // namespace

Verdict verify_pack(const host::StoredPack& entry, const std::filesystem::path& source) {
  if (!entry.state.is_ok()) return {entry.state, "", ""};
  const auto pack = host::PackFile::open(entry.path, true);
  if (!pack.is_ok()) return {pack.status(), "", ""};
  return verify_sources(*pack, source);
}

}  // namespace tenon::tools
