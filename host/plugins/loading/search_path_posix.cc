#include <link.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <string>

#include "host/base/exceptions.h"
#include "host/plugins/loading/search_path.h"

namespace tenon::host {
namespace {

namespace fs = std::filesystem;

// The callback of dl_iterate_phdr, which may not throw, fills it.
struct Module {
  bool found = false;
  const char* name = "";  // empty: the executable; lives as long as the module is loaded
};

// Of dl_iterate_phdr: whether this module holds this function. dladdr would search its symbols too.
int find_module(dl_phdr_info* info, size_t, void* found) {
  const auto here = reinterpret_cast<ElfW(Addr)>(&find_module);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& segment = info->dlpi_phdr[i];
    const ElfW(Addr) begin = info->dlpi_addr + segment.p_vaddr;
    if (segment.p_type != PT_LOAD || here < begin || here - begin >= segment.p_memsz) continue;
    *static_cast<Module*>(found) = {true, info->dlpi_name != nullptr ? info->dlpi_name : ""};
    return 1;
  }
  return 0;
}

// The folder of libtenon, or of the executable that the host is linked into; empty when it cannot be told.
fs::path module_folder() {
  Module module;
  dl_iterate_phdr(&find_module, &module);
  if (!module.found) return {};
  std::error_code failed;
  const fs::path file =
      *module.name == '\0' ? fs::read_symlink("/proc/self/exe", failed) : fs::canonical(module.name, failed);
  throw_if_no_memory(failed);
  return failed ? fs::path() : file.parent_path();
}

// TENON_PROVIDER_PATH is `variable`; nullptr: it is not set.
std::vector<SearchFolder> search_folders(const char* variable) {
  std::vector<SearchFolder> folders;
  const auto add = [&](const fs::path& path, bool shared) {
    const fs::path normal = path.lexically_normal();
    const bool known = std::any_of(folders.begin(), folders.end(), [&](const auto& f) { return f.path == normal; });
    if (!known) folders.push_back({normal, shared});
  };
  if (variable != nullptr) {
    std::istringstream list(variable);
    for (std::string entry; std::getline(list, entry, ':');) {
      std::error_code failed;
      const fs::path absolute = fs::absolute(entry, failed);
      throw_if_no_memory(failed);
      if (!entry.empty()) add(failed ? fs::path(entry) : absolute, false);
    }
  }
  const fs::path module = module_folder();
  if (module.empty()) return folders;
  add(module / "tenon/providers", false);
  add(module / "../lib/tenon/providers", false);
  add(module / ".." / TENON_INSTALL_LIBDIR / "tenon/providers", false);
  add(module, true);
  return folders;
}

}  // namespace

std::vector<SearchFolder> provider_search_path() {
  const char* variable = std::getenv("TENON_PROVIDER_PATH");
  if (variable != nullptr) return search_folders(variable);
  // Asked for each provider of each session; only the variable, and the folder that it is relative to, can change.
  static const std::vector<SearchFolder> by_default = search_folders(nullptr);
  return by_default;
}

}  // namespace tenon::host
