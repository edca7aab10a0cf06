#include "conform/checks/abi/raw_plugin.h"

#include <dlfcn.h>

#include "conform/checks/outcome.h"
#include "host/plugins/abi/abi_tables.h"

namespace tenon::conform {

using host::concat;

RawPlugin::RawPlugin(const Subject& subject) {
  handle_ = dlopen(subject.library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle_ == nullptr) throw Breach("not-loadable", dlerror());
  entry_ = reinterpret_cast<tn_entry_fn>(dlsym(handle_, TN_ENTRY_SYMBOL));
  if (entry_ == nullptr) throw Breach("no-entry", concat("it has no symbol ", TN_ENTRY_SYMBOL));
}

void RawPlugin::unload() {
  dlclose(handle_);
}

const tn_provider& RawPlugin::table() const {
  const tn_provider* table = entry_(&host::host_table(), TN_ABI_VERSION);
  if (table == nullptr)
    throw Breach("refuses-host", concat("the entry gives no table to a host of version ", TN_ABI_VERSION));
  return *table;
}

InstanceRequest::InstanceRequest(const std::map<std::string, std::string>& options) {
  for (const auto& [name, value] : options) {
    names_.push_back({name.data(), name.size()});
    values_.push_back({value.data(), value.size()});
  }
  request_.struct_size = sizeof request_;
  request_.host = &host::host_table();
  request_.option_names = names_.data();
  request_.option_values = values_.data();
  request_.option_count = names_.size();
  request_.max_workers = 2;
  request_.memory_limit = UINT64_MAX;
  request_.model_name = {"", 0};
}

tn_provider_instance* create_instance(const tn_provider& table, const Subject& subject) {
  const InstanceRequest request(subject.options);
  tn_provider_instance* instance = nullptr;
  if (const std::string message = take_message(table.create(&request.get(), &instance)); !message.empty())
    throw Breach("create-fails", "create: " + message);
  return instance;
}

std::string take_message(tn_status* status, uint32_t* code) {
  if (code != nullptr) *code = host::status_code(status);
  if (status == nullptr) return {};
  const tn_str message = host::status_message(status);
  std::string text(message.data, message.size);
  host::status_destroy(status);
  return text.empty() ? "an error without a message" : text;
}

}  // namespace tenon::conform
