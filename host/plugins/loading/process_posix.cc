#include <dlfcn.h>
#include <sys/stat.h>
#include <tenon/kernel_api/descriptor.h>

#include "host/plugins/loading/process.h"

namespace tenon::host {

std::optional<FileNumber> file_number(const std::filesystem::path& path) {
  struct stat facts;
  if (stat(path.c_str(), &facts) != 0) return std::nullopt;
  return FileNumber{facts.st_dev, facts.st_ino};
}

uint32_t running_sanitizers() {
  uint32_t found = 0;
  if (dlsym(RTLD_DEFAULT, "__asan_init") != nullptr) found |= TN_SANITIZER_ADDRESS;
  if (dlsym(RTLD_DEFAULT, "__tsan_init") != nullptr) found |= TN_SANITIZER_THREAD;
  if (dlsym(RTLD_DEFAULT, "__ubsan_handle_add_overflow") != nullptr) found |= TN_SANITIZER_UNDEFINED;
  return found;
}

std::string last_loader_error() {
  const char* text = dlerror();
  return text == nullptr ? "the loader gives no reason" : text;
}

}  // namespace tenon::host
