// ProviderLibrary: one per file and one per provider name in the process. Boost.DLL stays behind this file. The
// registry is never destroyed, so that pinned libraries outlive every static destructor.
#include "host/plugins/loading/provider_library.h"

#include <algorithm>
#include <boost/dll/shared_library.hpp>
#include <cerrno>
#include <mutex>
#include <optional>

#include "host/base/exceptions.h"
#include "host/base/log.h"
#include "host/plugins/abi/abi_call.h"
#include "host/plugins/abi/abi_sizes.h"
#include "host/plugins/abi/abi_tables.h"
#include "host/plugins/calls/crash_report.h"
#include "host/plugins/loading/descriptor_reader.h"
#include "host/plugins/loading/process.h"
#include "host/plugins/loading/quarantine.h"
#include "host/plugins/loading/search_path.h"
#include "host/plugins/loading/table_check.h"

namespace tenon::host {
namespace {

namespace fs = std::filesystem;

class LoadedLibrary;

// Which libraries this process has. An entry whose library is gone is dropped at the next look.
class Registry {
 public:
  static Registry& process() {
    static Registry* instance = new Registry();
    return *instance;
  }
  Result<std::shared_ptr<ProviderLibrary>> load(const fs::path& path);
  /// nullptr when it is not loaded.
  std::shared_ptr<ProviderLibrary> find(const fs::path& path);
  void unpin(const LoadedLibrary* library);

 private:
  struct Entry {
    FileNumber file;
    std::string name;
    fs::path path;
    std::weak_ptr<LoadedLibrary> library;
    std::shared_ptr<LoadedLibrary> pin;
  };
  std::shared_ptr<LoadedLibrary> find(const std::optional<FileNumber>& file) const;

  std::mutex mutex_;
  std::vector<Entry> entries_;
};

class LoadedLibrary final : public ProviderLibrary {
 public:
  LoadedLibrary(fs::path path, boost::dll::shared_library library, const tn_provider& table, std::string build)
      : path_(std::move(path)),
        name_(table.name),
        build_(std::move(build)),
        library_(std::move(library)),
        table_(table) {
    add_provider_code(&table_, name_.c_str(), path_.c_str());
  }
  ~LoadedLibrary() override {
    const PluginCall call(PluginPhase::kUnloading, name_, path_.native());
    remove_provider_code(&table_);
    library_.unload();
  }
  const tn_provider& table() const override { return table_; }
  const fs::path& path() const override { return path_; }
  std::string name() const override { return name_; }
  std::string version() const override { return table_.version; }
  std::string build() const override { return build_; }
  void unload_when_unused() override { Registry::process().unpin(this); }

 private:
  const fs::path path_;
  const std::string name_, build_;
  boost::dll::shared_library library_;
  const tn_provider& table_;
};

// Maps the library and runs its constructors. `name`: of its provider.
Result<boost::dll::shared_library> open_library(const fs::path& path, const std::string& name) {
  try {
    const PluginCall call(PluginPhase::kLoading, name, path.native());
    boost::dll::fs::error_code failed;
    boost::dll::shared_library library;
    errno = 0;
    library.load(path.string(), boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local, failed);
    if (failed && errno == ENOMEM) return Status::out_of_memory();
    if (failed)
      return error(TN_INVALID_ARGUMENT, "the dynamic loader refuses it: ", last_loader_error(),
                   "; link the provider against all that it uses");
    if (!library.has(TN_ENTRY_SYMBOL))
      return error(TN_NOT_FOUND, "it exports no symbol " TN_ENTRY_SYMBOL
                                 "; export it with TN_EXPORT and C linkage (TENON_EXPORT_PROVIDER does)");
    return library;
  } catch (...) {
    return status_of_exception([](const char* what) { return error(TN_INTERNAL, "loading failed: ", what); });
  }
}

// Asks the library for its provider, and holds the answer against the rules and the descriptor.
Result<const tn_provider*> negotiate(const boost::dll::shared_library& library, const Descriptor& descriptor,
                                     const fs::path& path) {
  const tn_provider* table = nullptr;
  try {
    const auto entry = library.get<const tn_provider*(const tn_host*, uint32_t)>(TN_ENTRY_SYMBOL);
    const PluginCall call(PluginPhase::kEntry, descriptor.name, path.native());
    TENON_RETURN_IF_ERROR(call_plugin(call, [&]() -> tn_status* {
      table = entry(&host_table(), kMaxAbiVersion);
      return nullptr;
    }));
  } catch (...) {
    return status_of_exception(
        [](const char* what) { return error(TN_INTERNAL, "its entry function cannot be reached: ", what); });
  }
  if (table == nullptr)
    return error(TN_UNSUPPORTED, "the provider refuses this host, which speaks the kernel ABI up to version ",
                 kMaxAbiVersion, "; TENON_LOG=info may show its reason");
  TENON_RETURN_IF_ERROR(check_provider_table(*table));
  if (table->name != descriptor.name || table->version != descriptor.version)
    return error(TN_INTERNAL, "its table says '", table->name, "' version ", table->version,
                 ", but its descriptor says '", descriptor.name, "' version ", descriptor.version);
  return table;
}

// The lock is held.
std::shared_ptr<LoadedLibrary> Registry::find(const std::optional<FileNumber>& file) const {
  for (const Entry& e : entries_) {
    if (!file || !(e.file == *file)) continue;
    if (auto loaded = e.library.lock()) return loaded;
  }
  return nullptr;
}

std::shared_ptr<ProviderLibrary> Registry::find(const fs::path& path) {
  const std::lock_guard lock(mutex_);
  return find(file_number(path));
}

Result<std::shared_ptr<ProviderLibrary>> Registry::load(const fs::path& path) {
  const std::lock_guard lock(mutex_);
  std::erase_if(entries_, [](const Entry& e) { return e.library.expired(); });
  const auto file = file_number(path);
  if (auto loaded = find(file)) return std::shared_ptr<ProviderLibrary>(std::move(loaded));
  TENON_ASSIGN_OR_RETURN(const Descriptor descriptor, read_descriptor(path));
  TENON_RETURN_IF_ERROR(judge_descriptor(descriptor, host_traits()));
  for (const Entry& e : entries_) {
    if (e.name == descriptor.name && !e.library.expired())
      return error(TN_INVALID_ARGUMENT, "its provider is named '", descriptor.name, "', as is that of ",
                   e.path.string(), ", which is loaded; two of one name cannot be told apart: use one of them");
  }
  TENON_RETURN_IF_ERROR(check_quarantine(path));
  TENON_ASSIGN_OR_RETURN(boost::dll::shared_library library, open_library(path, descriptor.name));
  TENON_ASSIGN_OR_RETURN(const tn_provider* table, negotiate(library, descriptor, path));
  auto loaded = std::make_shared<LoadedLibrary>(path, std::move(library), *table, descriptor.build);
  entries_.push_back({file.value_or(FileNumber{}), descriptor.name, path, loaded, loaded});
  log(TN_LOG_INFO, "loaded provider '", descriptor.name, "' ", descriptor.version, " from ", path.string());
  return std::shared_ptr<ProviderLibrary>(std::move(loaded));
}

void Registry::unpin(const LoadedLibrary* library) {
  // Let go of after the lock: the last owner closes the library, which runs code of the plugin.
  std::shared_ptr<LoadedLibrary> released;
  const std::lock_guard lock(mutex_);
  for (Entry& e : entries_)
    if (e.pin.get() == library) released = std::move(e.pin);
}

std::string folder_list(const std::vector<SearchFolder>& folders) {
  std::string text;
  for (const SearchFolder& f : folders) text += (text.empty() ? "" : ", ") + f.path.string();
  return text;
}

fs::path resolved(const fs::path& path) {
  std::error_code failed;
  fs::path absolute = fs::weakly_canonical(path, failed);
  throw_if_no_memory(failed);
  return failed ? path : absolute;
}

Status in_context(const Status& status, const fs::path& path) {
  return status.with_context("provider library " + path.string());
}

// `shown`: for messages.
Result<std::shared_ptr<ProviderLibrary>> load_from(const fs::path& file, const fs::path& shown) {
  auto library = Registry::process().load(file);
  if (library.is_ok()) return library;
  return in_context(library.status(), shown);
}

// The library of that name in the search path.
Result<fs::path> search(const std::string& name) {
  const auto folders = provider_search_path();
  for (const SearchFolder& folder : folders) {
    for (const std::string& file : {"lib" + name + ".so", name + ".so"}) {
      std::error_code failed;
      if (fs::exists(folder.path / file, failed)) return folder.path / file;
    }
  }
  return error(TN_NOT_FOUND, "no provider '", name, "': neither lib", name, ".so nor ", name, ".so is in ",
               folder_list(folders), "; set TENON_PROVIDER_PATH, or give the path of the library with a '/' in it");
}

}  // namespace

Result<std::shared_ptr<ProviderLibrary>> ProviderLibrary::load(const fs::path& path) {
  return load_from(resolved(path), path);
}

Result<std::shared_ptr<ProviderLibrary>> ProviderLibrary::find(const std::string& name) {
  TENON_ASSIGN_OR_RETURN(const fs::path path, search(name));
  return load_from(path, path);
}

Result<std::shared_ptr<ProviderLibrary>> ProviderLibrary::load(const File& file) {
  return load_from(file.path, file.path);
}

Result<ProviderLibrary::File> ProviderLibrary::look_up(const std::string& name) {
  const bool is_path = name.find('/') != std::string::npos;
  fs::path file = is_path ? resolved(name) : fs::path();
  if (!is_path) {
    TENON_ASSIGN_OR_RETURN(file, search(name));
  }
  const fs::path path = is_path ? fs::path(name) : file;  // for messages
  if (const auto loaded = Registry::process().find(file))
    return File{loaded->path(), loaded->name(), loaded->version(), loaded->build()};
  const auto descriptor = read_descriptor(file);
  if (!descriptor.is_ok()) return in_context(descriptor.status(), path);
  if (const Status status = judge_descriptor(*descriptor, host_traits()); !status.is_ok())
    return in_context(status, path);
  TENON_RETURN_IF_ERROR(check_quarantine(file));
  return File{file, descriptor->name, descriptor->version, descriptor->build};
}

}  // namespace tenon::host
