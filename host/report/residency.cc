#include "host/report/residency.h"

#include <algorithm>
#include <sstream>

#include "host/report/text_table.h"
#include "host/storage/memory_map.h"

namespace tenon::host {
namespace {

using Ranges = std::vector<std::span<const std::byte>>;

ResidencyEntry private_entry(std::string kind, std::string name, uint64_t bytes, uint64_t touched) {
  ResidencyEntry entry;
  entry.kind = std::move(kind);
  entry.name = std::move(name);
  entry.bytes = bytes;
  entry.resident = entry.proportional = entry.private_bytes = touched;
  return entry;
}

ResidencyEntry anonymous_entry(std::string kind, std::string name, const Ranges& ranges) {
  uint64_t bytes = 0, touched = 0;
  for (const auto& range : ranges) {
    bytes += range.size();
    touched += touched_bytes(range);
  }
  return private_entry(std::move(kind), std::move(name), bytes, touched);
}

// Growth while the session opened; 0 when it shrank.
uint64_t growth(const std::vector<StageTime>& stages, bool of_providers) {
  int64_t sum = 0;
  for (const StageTime& stage : stages)
    if ((stage.stage == "providers") == of_providers) sum += stage.private_change;
  return static_cast<uint64_t>(std::max<int64_t>(sum, 0));
}

}  // namespace

void add_residency(const HeldMemory& held, SessionReport* report) {
  const auto map = read_memory_map();
  for (const HeldFile& file : held.files) {
    ResidencyEntry entry;
    entry.kind = file.kind;
    entry.name = file.mapping->path().string();
    entry.bytes = file.mapping->bytes().size();
    if (map.is_ok()) {
      const MemoryArea sum = sum_within(map.value(), file.mapping->bytes());
      entry.resident = sum.resident;
      entry.proportional = sum.proportional;
      entry.shared_bytes = sum.shared_bytes;
      entry.private_bytes = sum.private_bytes;
    }
    report->residency.push_back(std::move(entry));
  }
  const MemoryReport& memory = report->memory;
  const auto add = [&](ResidencyEntry entry) {
    if (entry.bytes > 0) report->residency.push_back(std::move(entry));
  };
  add(private_entry("copied weights", "the source holds them in another form or misaligned", memory.copied_weight_bytes,
                    memory.copied_weight_bytes));
  add(private_entry("computed constants", "made by folding", memory.computed_weight_bytes,
                    memory.computed_weight_bytes));
  add(anonymous_entry("packed weights", "in no pack file", held.packed));
  // What opening took beside the constants: those are touched by now, arenas not yet.
  uint64_t known = memory.copied_weight_bytes + memory.computed_weight_bytes;
  for (const auto& range : held.packed) known += touched_bytes(range);
  const uint64_t opened = growth(report->stages, false);
  const uint64_t rest = opened > known ? opened - known : 0;
  add(private_entry("graph, plan and kernels", "on the heap, after opening", rest, rest));
  const uint64_t providers = growth(report->stages, true);
  add(private_entry("provider libraries", "what loading them took in this process", providers, providers));
  add(anonymous_entry("arenas", "values between nodes", held.arenas));
  add(anonymous_entry("scratch", "of kernels", held.scratch));
}

std::string residency_text(const std::string& title, const std::vector<ResidencyEntry>& residency) {
  TextTable table;
  table.add({"", "size", "resident", "shared", "private", ""});
  uint64_t private_bytes = 0;
  for (const ResidencyEntry& e : residency) {
    table.add({e.kind, human_bytes(e.bytes), human_bytes(e.resident), human_bytes(e.shared_bytes),
               human_bytes(e.private_bytes), e.name});
    private_bytes += e.private_bytes;
  }
  std::ostringstream out;
  out << title << ", as the system counts: " << human_bytes(private_bytes) << " private\n";
  table.write(out);
  return out.str();
}

}  // namespace tenon::host
