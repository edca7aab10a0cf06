#include "host/plugins/plugin_instance.h"

#include <vector>

#include "host/base/log.h"
#include "host/plugins/abi/abi_call.h"
#include "host/plugins/abi/abi_tables.h"

namespace tenon::host {

Result<std::shared_ptr<const PluginInstance>> PluginInstance::create(std::shared_ptr<ProviderLibrary> library,
                                                                     const tn_provider& table,
                                                                     const std::map<std::string, std::string>& options,
                                                                     const InstanceFacts& facts) {
  std::vector<tn_str> names, values;
  for (const auto& [name, value] : options) {
    names.push_back(to_abi(std::string_view(name)));
    values.push_back(to_abi(std::string_view(value)));
  }
  // Made first: what create() hands over must have an owner at once.
  auto instance = std::make_shared<PluginInstance>();
  instance->library = std::move(library);
  instance->name = table.name;
  const Status status = call_plugin(PluginCall(PluginPhase::kCreate, instance->name, instance->library_path()), [&] {
    const tn_instance_request request{sizeof(tn_instance_request),
                                      0,
                                      &host_table(),
                                      names.data(),
                                      values.data(),
                                      names.size(),
                                      facts.max_workers,
                                      0,
                                      facts.memory_limit,
                                      to_abi(std::string_view(facts.model_name))};
    return table.create(&request, &instance->raw);
  });
  TENON_RETURN_IF_ERROR(status.with_context(concat("provider '", instance->name, "'")));
  instance->table = &table;
  return std::shared_ptr<const PluginInstance>(std::move(instance));
}

std::string_view PluginInstance::library_path() const {
  return library != nullptr ? std::string_view(library->path().native()) : std::string_view();
}

PluginInstance::~PluginInstance() {
  if (table == nullptr) return;
  call_plugin_and_log(PluginCall(PluginPhase::kDestroy, name, library_path()), name, [&] { table->destroy(raw); });
}

}  // namespace tenon::host
