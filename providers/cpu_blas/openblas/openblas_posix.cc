#include <dlfcn.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "openblas/openblas.h"

namespace tenon::cpu_blas {
namespace {

#define TENON_TEXT_INNER(symbol) #symbol
#define TENON_TEXT(symbol) TENON_TEXT_INNER(symbol)

std::string library_path() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&openblas), &info) == 0 || info.dli_fname == nullptr) return {};
  // A link to the provider leads to where it was installed.
  const std::unique_ptr<char, decltype(&std::free)> real(realpath(info.dli_fname, nullptr), &std::free);
  const std::string self = real != nullptr ? real.get() : info.dli_fname;
  return self.substr(0, self.find_last_of('/') + 1) + "cpu_blas/openblas.so";
}

struct Loaded {
  const OpenBlas* functions = nullptr;
  std::string failure;
};

Loaded load() {
  const std::string path = library_path();
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  const void* symbol = library != nullptr ? dlsym(library, TENON_TEXT(TENON_OPENBLAS_SYMBOL)) : nullptr;
  if (symbol != nullptr) return {static_cast<const OpenBlas*>(symbol), {}};
  const char* reason = dlerror();
  return {nullptr, sdk::concat("the library for products of two activations cannot be loaded: ",
                               reason != nullptr ? reason : path.c_str(),
                               ": keep the folder cpu_blas beside libcpu_blas.so, as it is installed")};
}

}  // namespace

sdk::Result<const OpenBlas*> openblas() {
  static const Loaded loaded = load();
  if (loaded.functions == nullptr) return sdk::Status(TN_NOT_FOUND, loaded.failure);
  return loaded.functions;
}

}  // namespace tenon::cpu_blas
