#include "host/plugins/loading/provider_listing.h"

#include <algorithm>

#include "host/plugins/loading/process.h"
#include "host/plugins/loading/quarantine.h"
#include "host/plugins/loading/search_path.h"

namespace tenon::host {
namespace {

// The regular files of a folder that end in .so, sorted; nothing when the folder cannot be read.
std::vector<std::filesystem::path> shared_objects(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> found;
  std::error_code failed;
  for (std::filesystem::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed)) {
    // A link that leads nowhere is no reason to stop.
    std::error_code unknown;
    if (it->path().extension() == ".so" && it->is_regular_file(unknown)) found.push_back(it->path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

Status judge(const std::filesystem::path& path, const Descriptor& descriptor,
             const std::vector<ListedProvider>& before) {
  TENON_RETURN_IF_ERROR(judge_descriptor(descriptor, host_traits()));
  TENON_RETURN_IF_ERROR(check_quarantine(path));
  for (const ListedProvider& other : before) {
    if (other.verdict.is_ok() && other.descriptor->name == descriptor.name)
      return error(TN_INVALID_ARGUMENT, "its provider is named '", descriptor.name, "', as is that of ",
                   other.path.string(),
                   ", which comes before it; two of one name cannot be told apart: use one of them");
  }
  return {};
}

}  // namespace

std::vector<ListedProvider> list_providers() {
  std::vector<ListedProvider> found;
  std::vector<FileNumber> seen;
  for (const SearchFolder& folder : provider_search_path()) {
    for (const std::filesystem::path& path : shared_objects(folder.path)) {
      const auto descriptor = read_descriptor(path);
      if (folder.shared && !descriptor.is_ok()) continue;
      const auto file = file_number(path);
      if (file && std::find(seen.begin(), seen.end(), *file) != seen.end()) continue;
      if (file) seen.push_back(*file);
      if (descriptor.is_ok()) {
        found.push_back({path, *descriptor, judge(path, *descriptor, found)});
      } else {
        found.push_back({path, std::nullopt, descriptor.status()});
      }
    }
  }
  return found;
}

}  // namespace tenon::host
