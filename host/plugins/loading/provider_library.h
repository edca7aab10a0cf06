// Libraries of providers: finding, judging and loading them. Thread-safe.
#pragma once

#include <tenon/kernel_api/provider.h>

#include <filesystem>
#include <memory>
#include <string>

#include "host/base/status.h"

namespace tenon::host {

/// A loaded provider library. Pinned until process exit unless unload() is asked for. Thread-safe.
class ProviderLibrary {
 public:
  /// Loads a library, or gives the one already loaded from that file. The descriptor is read and judged (architecture,
  /// ABI version, CPU features, sanitizer) before any of its code runs. Each way to fail has its own message.
  static Result<std::shared_ptr<ProviderLibrary>> load(const std::filesystem::path& path);
  /// Finds `name` (file lib<name>.so or <name>.so) in TENON_PROVIDER_PATH, then in the folder `tenon/providers` beside
  /// libtenon, then beside libtenon itself, and loads it. TN_NOT_FOUND lists the places searched.
  static Result<std::shared_ptr<ProviderLibrary>> find(const std::string& name);
  /// A library file and what its descriptor says. None of its code has run.
  struct File {
    std::filesystem::path path;
    std::string name, version, build;
  };
  /// The file that load() or find() would load for `name`, a path or a name, judged as they judge it.
  static Result<File> look_up(const std::string& name);
  static Result<std::shared_ptr<ProviderLibrary>> load(const File& file);

  virtual ~ProviderLibrary() = default;
  virtual const tn_provider& table() const = 0;
  virtual const std::filesystem::path& path() const = 0;
  virtual std::string name() const = 0;
  virtual std::string version() const = 0;
  virtual std::string build() const = 0;  // as Descriptor::build, of the file that was loaded
  /// Closes the library when its last instance is gone instead of keeping it until process exit.
  virtual void unload_when_unused() = 0;
};

}  // namespace tenon::host
