// <tenon/environment.h>: the log and the providers that are installed.
#include <tenon/environment.h>

#include "host/api/c_api_internal.h"
#include "host/api/c_api_sizes.h"
#include "host/base/log.h"
#include "host/plugins/loading/cpu_features.h"
#include "host/plugins/loading/provider_library.h"
#include "host/plugins/loading/provider_listing.h"
#include "host/plugins/loading/quarantine.h"
#include "host/plugins/loading/table_check.h"

using namespace tenon::host;
using namespace tenon::host::c_api;

static_assert(int{TENON_LOG_DEFAULT} == kLogLevelOfEnvironment);
static_assert(int{TENON_LOG_TRACE} == int{TN_LOG_TRACE} && int{TENON_LOG_ERROR} == int{TN_LOG_ERROR});

struct tenon_provider_list {
  struct Entry {
    std::string name, version, path, why_not, cpu_features, last_crash;
    uint32_t min_abi = 0, max_abi = 0, crashes = 0;
    std::shared_ptr<ProviderLibrary> library;  // that its table is read from; nullptr: it is not loaded
  };
  std::vector<Entry> entries;
};

namespace {

using Entry = tenon_provider_list::Entry;

void take_descriptor(const Descriptor& descriptor, Entry& entry) {
  entry.name = descriptor.name;
  entry.version = descriptor.version;
  entry.min_abi = descriptor.min_abi;
  entry.max_abi = descriptor.max_abi;
  entry.cpu_features = cpu_feature_names(descriptor.cpu_features);
}

Entry entry_of(const ListedProvider& listed) {
  Entry entry;
  entry.path = listed.path.string();
  if (listed.descriptor) take_descriptor(*listed.descriptor, entry);
  entry.why_not = listed.verdict.message();
  return entry;
}

Result<Entry> looked_up(const std::string& name) {
  TENON_ASSIGN_OR_RETURN(const ProviderLibrary::File file, ProviderLibrary::look_up(name));
  Entry entry;
  entry.path = file.path.string();
  if (const auto descriptor = read_descriptor(file.path); descriptor.is_ok()) take_descriptor(*descriptor, entry);
  // What was loaded counts, if the file has changed since.
  entry.name = file.name;
  entry.version = file.version;
  return entry;
}

Result<Entry> loaded(const std::string& name) {
  const bool is_path = name.find('/') != std::string::npos;
  TENON_ASSIGN_OR_RETURN(auto library, is_path ? ProviderLibrary::load(name) : ProviderLibrary::find(name));
  Entry entry;
  if (const auto descriptor = read_descriptor(library->path()); descriptor.is_ok()) take_descriptor(*descriptor, entry);
  entry.name = library->name();
  entry.version = library->version();
  entry.path = library->path().string();
  entry.library = std::move(library);
  return entry;
}

Result<const Entry*> entry_at(const tenon_provider_list* list, size_t index) {
  if (list == nullptr) return null_argument("list");
  if (index >= list->entries.size())
    return error(TN_INVALID_ARGUMENT, "there is no provider ", index, ": the list has ", list->entries.size());
  return &list->entries[index];
}

size_t option_count_of(const Entry& entry) {
  return entry.library != nullptr ? entry.library->table().option_count : 0;
}

size_t kernel_count_of(const Entry& entry) {
  return entry.library != nullptr ? entry.library->table().kernel_count : 0;
}

Result<const tn_kernel_def*> kernel_at(const tenon_provider_list* list, size_t index, size_t kernel) {
  TENON_ASSIGN_OR_RETURN(const Entry* entry, entry_at(list, index));
  if (kernel >= kernel_count_of(*entry))
    return error(TN_INVALID_ARGUMENT, "there is no kernel ", kernel, ": provider '", entry->name, "' has ",
                 kernel_count_of(*entry), entry->library == nullptr ? " while it is not loaded: load it" : "");
  return &kernel_def_at(entry->library->table(), static_cast<uint32_t>(kernel));
}

const char* text_or_empty(const char* text) {
  return text != nullptr ? text : "";
}

}  // namespace

int tenon_log_set(tenon_log_function write, void* argument, int least) {
  return code_of([&]() -> Status {
    if (least < TENON_LOG_DEFAULT || least > TENON_LOG_OFF)
      return error(TN_INVALID_ARGUMENT, "the least level is ", least, ", expected ", int{TENON_LOG_DEFAULT}, " to ",
                   int{TENON_LOG_OFF});
    set_log_sink({write, argument, least});
    return {};
  });
}

int tenon_providers(const char* names, tenon_provider_list** list) {
  return code_of([&]() -> Status {
    if (list == nullptr) return null_argument("list");
    *list = nullptr;
    auto made = std::make_unique<tenon_provider_list>();
    if (names == nullptr) {
      for (const ListedProvider& listed : list_providers()) made->entries.push_back(entry_of(listed));
    } else {
      TENON_ASSIGN_OR_RETURN(const std::vector<ProviderSpec> specs, parse_provider_list(names));
      for (const ProviderSpec& spec : specs) {
        TENON_ASSIGN_OR_RETURN(Entry entry, loaded(spec.name));
        made->entries.push_back(std::move(entry));
      }
    }
    *list = made.release();
    return {};
  });
}

int tenon_provider_look_up(const char* name, int load, tenon_provider_list** list) {
  return code_of([&]() -> Status {
    if (list == nullptr) return null_argument("list");
    *list = nullptr;
    if (name == nullptr) return null_argument("name");
    TENON_ASSIGN_OR_RETURN(Entry entry, load != 0 ? loaded(name) : looked_up(name));
    auto made = std::make_unique<tenon_provider_list>();
    made->entries.push_back(std::move(entry));
    *list = made.release();
    return {};
  });
}

int tenon_crashed_providers(tenon_provider_list** list) {
  return code_of([&]() -> Status {
    if (list == nullptr) return null_argument("list");
    *list = nullptr;
    auto made = std::make_unique<tenon_provider_list>();
    for (const QuarantinedLibrary& library : list_quarantine()) {
      Entry entry;
      entry.name = library.provider;
      entry.path = library.path;
      entry.crashes = static_cast<uint32_t>(library.crashes.size());
      entry.last_crash = library.crashes.back();
      if (library.is_barred()) entry.why_not = "it is in quarantine";
      made->entries.push_back(std::move(entry));
    }
    *list = made.release();
    return {};
  });
}

int tenon_provider_lift_quarantine(const char* library) {
  return code_of([&]() -> Status {
    if (library == nullptr) return null_argument("library");
    return lift_quarantine(library);
  });
}

void tenon_providers_destroy(tenon_provider_list* list) {
  delete list;
}

size_t tenon_providers_count(const tenon_provider_list* list) {
  return list != nullptr ? list->entries.size() : 0;
}

int tenon_providers_get(const tenon_provider_list* list, size_t index, tenon_provider_info* provider) {
  return code_of([&]() -> Status {
    TENON_ASSIGN_OR_RETURN(const Entry* entry, entry_at(list, index));
    tenon_provider_info made{};
    made.name = entry->name.c_str();
    made.version = entry->version.c_str();
    made.path = entry->path.c_str();
    made.is_usable = entry->why_not.empty();
    made.why_not = entry->why_not.c_str();
    made.min_abi = entry->min_abi;
    made.max_abi = entry->max_abi;
    made.cpu_features = entry->cpu_features.c_str();
    made.crashes = entry->crashes;
    made.last_crash = entry->last_crash.c_str();
    if (entry->library != nullptr) {
      made.abi_version = entry->library->table().abi_version;
      made.claims_nodes = entry->library->table().claim != nullptr;
    }
    return give(made, provider, "provider");
  });
}

size_t tenon_providers_option_count(const tenon_provider_list* list, size_t index) {
  return list != nullptr && index < list->entries.size() ? option_count_of(list->entries[index]) : 0;
}

int tenon_providers_option(const tenon_provider_list* list, size_t index, size_t option, tenon_provider_option* out) {
  return code_of([&]() -> Status {
    TENON_ASSIGN_OR_RETURN(const Entry* entry, entry_at(list, index));
    if (option >= option_count_of(*entry))
      return error(TN_INVALID_ARGUMENT, "there is no option ", option, ": provider '", entry->name, "' has ",
                   option_count_of(*entry), entry->library == nullptr ? " while it is not loaded: name it" : "");
    const tn_option& found = option_at(entry->library->table(), static_cast<uint32_t>(option));
    tenon_provider_option made{};
    made.name = text_or_empty(found.name);
    made.values = text_or_empty(found.values);
    made.default_value = text_or_empty(found.default_value);
    made.help = text_or_empty(found.help);
    return give(made, out, "option");
  });
}

size_t tenon_providers_kernel_count(const tenon_provider_list* list, size_t index) {
  return list != nullptr && index < list->entries.size() ? kernel_count_of(list->entries[index]) : 0;
}

int tenon_providers_kernel(const tenon_provider_list* list, size_t index, size_t kernel, tenon_provider_kernel* out) {
  return code_of([&]() -> Status {
    TENON_ASSIGN_OR_RETURN(const tn_kernel_def* found, kernel_at(list, index, kernel));
    tenon_provider_kernel made{};
    made.domain = text_or_empty(found->domain);
    made.op_type = text_or_empty(found->op_type);
    made.since_version = found->since_version;
    made.last_version = found->last_version;
    made.type_count = found->type_count;
    return give(made, out, "kernel");
  });
}

int tenon_providers_kernel_type(const tenon_provider_list* list, size_t index, size_t kernel, size_t type,
                                tenon_kernel_type* out) {
  return code_of([&]() -> Status {
    TENON_ASSIGN_OR_RETURN(const tn_kernel_def* found, kernel_at(list, index, kernel));
    if (type >= found->type_count)
      return error(TN_INVALID_ARGUMENT, "there is no type ", type, ": the kernel has ", found->type_count);
    const tn_type_rule& rule = type_rule_at(*found, static_cast<uint32_t>(type));
    tenon_kernel_type made{};
    made.parameter = text_or_empty(rule.parameter);
    made.dtypes = rule.dtypes;
    made.dtype_count = rule.count;
    return give(made, out, "type");
  });
}
