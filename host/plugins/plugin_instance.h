// An instance of a provider with what must outlive it: the library. Shared by the Provider and by every Kernel that it
// made, so that kernels are destroyed before the instance, and the instance before the library, in whatever order the
// session lets go of them. Immutable; thread-safe.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "host/plugins/loading/provider_library.h"
#include "host/plugins/loading/provider_list.h"

namespace tenon::host {

struct PluginInstance {
  std::shared_ptr<ProviderLibrary> library;  // nullptr: a table of this process
  const tn_provider* table = nullptr;
  tn_provider_instance* raw = nullptr;
  std::string name;
  const void* process = nullptr;  // that it runs in; nullptr: this one

  PluginInstance() = default;
  PluginInstance(const PluginInstance&) = delete;
  PluginInstance& operator=(const PluginInstance&) = delete;
  ~PluginInstance();

  /// Empty: a table of this process.
  std::string_view library_path() const;

  /// Calls the provider's create with the options.
  static Result<std::shared_ptr<const PluginInstance>> create(std::shared_ptr<ProviderLibrary> library,
                                                              const tn_provider& table,
                                                              const std::map<std::string, std::string>& options,
                                                              const InstanceFacts& facts);
};

}  // namespace tenon::host
