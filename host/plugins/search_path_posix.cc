#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "host/plugins/search_path.h"

namespace tenon::host {
namespace {

namespace fs = std::filesystem;

// The folder of libtenon, or of the executable that the host is linked into; empty when it cannot be told.
fs::path module_folder() {
  Dl_info info;
  link_map* module = nullptr;
  const void* here = reinterpret_cast<const void*>(&provider_search_path);
  std::error_code failed;
  if (dladdr1(here, &info, reinterpret_cast<void**>(&module), RTLD_DL_LINKMAP) == 0 || module == nullptr) return {};
  // The executable itself has no name in the link map.
  const bool is_executable = module->l_name == nullptr || module->l_name[0] == '\0';
  const fs::path file =
      is_executable ? fs::read_symlink("/proc/self/exe", failed) : fs::canonical(module->l_name, failed);
  return failed ? fs::path() : file.parent_path();
}

}  // namespace

std::vector<SearchFolder> provider_search_path() {
  std::vector<SearchFolder> folders;
  const auto add = [&](const fs::path& path, bool shared) {
    const fs::path normal = path.lexically_normal();
    const bool known = std::any_of(folders.begin(), folders.end(), [&](const auto& f) { return f.path == normal; });
    if (!known) folders.push_back({normal, shared});
  };
  if (const char* variable = std::getenv("TENON_PROVIDER_PATH")) {
    std::istringstream list(variable);
    for (std::string entry; std::getline(list, entry, ':');)
      if (!entry.empty()) add(entry, false);
  }
  const fs::path module = module_folder();
  if (module.empty()) return folders;
  add(module / "tenon/providers", false);
  add(module / "../lib/tenon/providers", false);
  add(module / ".." / TENON_INSTALL_LIBDIR / "tenon/providers", false);
  add(module, true);
  return folders;
}

}  // namespace tenon::host
