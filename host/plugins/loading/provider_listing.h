// What the search path holds, told from descriptors alone: no code of any library runs. Thread-safe.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "host/plugins/loading/descriptor_reader.h"

namespace tenon::host {

struct ListedProvider {
  std::filesystem::path path;
  std::optional<Descriptor> descriptor;  // nothing: it could not be read
  /// Why it must not be loaded here, or cannot be told from another one. Success does not say that loading succeeds.
  Status verdict;
};

/// One entry for each library file in the folders of provider_search_path(), whatever paths lead to it; of folders that
/// hold libraries of others too, only providers.
std::vector<ListedProvider> list_providers();

}  // namespace tenon::host
