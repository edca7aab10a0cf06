#include <dlfcn.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "text/re2/re2.h"

namespace tenon::cpu_ref {
namespace {

#define TENON_TEXT_INNER(symbol) #symbol
#define TENON_TEXT(symbol) TENON_TEXT_INNER(symbol)

std::string library_path() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&re2), &info) == 0 || info.dli_fname == nullptr) return {};
  // A link to the provider leads to where it was installed.
  const std::unique_ptr<char, decltype(&std::free)> real(realpath(info.dli_fname, nullptr), &std::free);
  const std::string self = real != nullptr ? real.get() : info.dli_fname;
  return self.substr(0, self.find_last_of('/') + 1) + "cpu_ref/re2.so";
}

struct Loaded {
  const Re2* functions = nullptr;
  std::string failure;
};

Loaded load() {
  const std::string path = library_path();
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  const void* symbol = library != nullptr ? dlsym(library, TENON_TEXT(TENON_RE2_SYMBOL)) : nullptr;
  if (symbol != nullptr) return {static_cast<const Re2*>(symbol), {}};
  const char* reason = dlerror();
  return {nullptr, sdk::concat("the library for regular expressions cannot be loaded: ",
                               reason != nullptr ? reason : path.c_str(),
                               ": keep the folder cpu_ref beside libcpu_ref.so, as it is installed, and install RE2")};
}

}  // namespace

sdk::Result<const Re2*> re2() {
  static const Loaded loaded = load();
  if (loaded.functions == nullptr) return sdk::Status(TN_NOT_FOUND, loaded.failure);
  return loaded.functions;
}

}  // namespace tenon::cpu_ref
