#include "host/session/report_maker.h"

#include "host/storage/file_mapping.h"
#include "host/storage/process_memory.h"

namespace tenon::host {

void add_providers(const ProviderList& providers, SessionReport* report) {
  for (const auto& provider : providers) {
    ProviderEntry entry{provider->name(), provider->version(), provider->path().string(), 0,
                        provider->table() != nullptr};
    for (const NodePlacement& placement : report->placement) entry.nodes += placement.provider == entry.name ? 1 : 0;
    report->providers.push_back(std::move(entry));
  }
}

void add_initializers(const Model& model, SessionReport* report) {
  MemoryReport& memory = report->memory;
  for (const SourceFile& file : model.files) memory.mapped_file_bytes += file.mapping->bytes().size();
  std::vector<const Value*> constants;
  for (const Graph* graph : graph_tree(*model.graph))
    for (const auto& value : graph->values())
      if (value->is_constant()) constants.push_back(value.get());
  for (const Value* value : constants) {
    const Tensor& tensor = *value->constant;
    InitializerEntry entry;
    entry.name = value->name;
    entry.dtype = dtype_name(tensor.dtype());
    entry.shape = tensor.shape();
    entry.bytes = checked_byte_length(tensor.dtype(), tensor.shape()).get().value_or(tensor.byte_length());
    entry.residence = residence_name(tensor.residence());
    entry.reason = tensor.residence_reason();
    switch (tensor.residence()) {
      case Residence::kMapped: memory.mapped_weight_bytes += entry.bytes; break;
      case Residence::kCopied: memory.copied_weight_bytes += entry.bytes; break;
      case Residence::kComputed: memory.computed_weight_bytes += entry.bytes; break;
      case Residence::kPackFile: memory.pack_weight_bytes += entry.bytes; break;
      default: break;
    }
    report->initializers.push_back(std::move(entry));
  }
}

void add_process_memory(SessionReport* report) {
  const auto memory = read_process_memory();
  if (!memory.is_ok()) return;
  report->memory.process_private_bytes = memory.value().private_bytes();
  report->memory.process_shared_bytes = memory.value().shared;
}

}  // namespace tenon::host
