// Where provider libraries are looked for. Thread-safe as long as nobody changes the environment.
#pragma once

#include <filesystem>
#include <vector>

namespace tenon::host {

/// A folder of the search path. `shared`: it holds libraries of others too, so what is no provider there is no concern.
struct SearchFolder {
  std::filesystem::path path;
  bool shared;
};

/// The folders in order, each once, whether they exist or not: those of TENON_PROVIDER_PATH (separated by colons), then
/// tenon/providers beside the module that holds the host, in ../lib and in the library folder of the installation, then
/// that module's own folder.
std::vector<SearchFolder> provider_search_path();

}  // namespace tenon::host
