// Models published under a name: self-contained packs in shared memory, which every process of this user opens as
// "shm:NAME" without a copy. Thread-safe, and safe between processes.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "host/packs/model_packs.h"
#include "host/packs/pack_options.h"
#include "host/session/options.h"

namespace tenon::host {

/// Begins the path of a published model.
constexpr const char* kPublishedPrefix = "shm:";

/// Makes `model` openable as "shm:NAME", on this machine, until unpublish_model() or its next start. A second one of a
/// name replaces the first; sessions that have it open keep it. TN_INVALID_ARGUMENT for what is no name, see
/// PackStore::check_name(); TN_UNSUPPORTED when shared memory has no room for it, or packs are only to be read.
Status publish_model(const std::filesystem::path& model, const std::string& name, const SessionOptions& options = {});
/// The same of an image of an .onnx or .ort file in memory, which is not needed afterwards. `folder`: of external data.
Status publish_bytes(std::span<const std::byte> bytes, const std::string& name, const SessionOptions& options = {},
                     const std::filesystem::path& folder = {});
/// TN_NOT_FOUND: nothing has that name.
Status unpublish_model(const std::string& name);

/// NAME of "shm:NAME"; nothing for any other path.
std::optional<std::string> published_name(const std::filesystem::path& path);
/// To be restored. `packs` with their environment applied, as below.
Result<SelfContainedPack> find_published(const std::string& name, const PackOptions& packs);
/// To build into. `source`: of the model, for lists; `providers` must outlive it.
Result<std::unique_ptr<ModelPacks>> packs_for_publishing(const std::string& name, const std::string& source,
                                                         const PackOptions& packs, const ProviderList& providers);

}  // namespace tenon::host
