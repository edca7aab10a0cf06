#include "host/report/report_maker.h"

#include <algorithm>
#include <map>

#include "host/storage/file_mapping.h"
#include "host/storage/process_memory.h"

namespace tenon::host {

void add_providers(const ProviderList& providers, SessionReport* report) {
  for (const auto& provider : providers) {
    ProviderEntry entry{provider->name(), provider->version(), provider->path().string(), 0,
                        provider->table() != nullptr};
    for (const NodePlacement& placement : report->placement) entry.nodes += placement.provider == entry.name ? 1 : 0;
    report->providers.push_back(std::move(entry));
    if (provider->shared_memory() == nullptr) continue;
    const std::string open = provider->isolation();
    report->notes.push_back(
        concat("provider '", provider->name(), "' runs in a process of its own, ",
               open.empty() ? "which reaches no files, network or other processes" : "which is not confined: " + open));
  }
}

namespace {

// Bytes that several constants look at count once.
class ConstantBytes {
 public:
  void add(const Tensor& tensor, uint64_t bytes) {
    const auto begin = reinterpret_cast<uintptr_t>(tensor.data());
    if (bytes > 0) ranges_[tensor.residence()].emplace_back(begin, begin + bytes);
  }
  uint64_t of(Residence residence) {
    auto& ranges = ranges_[residence];
    std::sort(ranges.begin(), ranges.end());
    uint64_t bytes = 0;
    uintptr_t end = 0;
    for (const auto& range : ranges) {
      bytes += range.second - std::clamp(end, range.first, range.second);
      end = std::max(end, range.second);
    }
    return bytes;
  }

 private:
  std::map<Residence, std::vector<std::pair<uintptr_t, uintptr_t>>> ranges_;
};

}  // namespace

void add_initializers(const Model& model, SessionReport* report) {
  MemoryReport& memory = report->memory;
  for (const SourceFile& file : model.files) memory.mapped_file_bytes += file.mapping->bytes().size();
  std::vector<const Value*> constants;
  for (const Graph* graph : graph_tree(*model.graph))
    for (const auto& value : graph->values())
      if (value->stored() != nullptr) constants.push_back(value.get());
  ConstantBytes bytes;
  for (const Value* value : constants) {
    const Tensor& tensor = *value->stored();
    InitializerEntry entry;
    entry.name = value->name;
    entry.dtype = dtype_name(tensor.dtype());
    entry.shape = tensor.shape();
    entry.bytes = checked_byte_length(tensor.dtype(), tensor.shape()).get().value_or(tensor.byte_length());
    entry.residence = residence_name(tensor.residence());
    entry.reason = tensor.residence_reason();
    bytes.add(tensor, entry.bytes);
    report->initializers.push_back(std::move(entry));
  }
  memory.mapped_weight_bytes += bytes.of(Residence::kMapped);
  memory.copied_weight_bytes += bytes.of(Residence::kCopied);
  memory.computed_weight_bytes += bytes.of(Residence::kComputed);
  memory.pack_weight_bytes += bytes.of(Residence::kPackFile);
}

void add_process_memory(SessionReport* report) {
  const auto memory = read_process_memory();
  if (!memory.is_ok()) return;
  report->memory.process_private_bytes = memory.value().private_bytes();
  report->memory.process_shared_bytes = memory.value().shared;
}

}  // namespace tenon::host
