#include "host/session/memory_policy.h"

#include "host/storage/mapped_pages.h"

namespace tenon::host {
namespace {

using Range = std::span<const std::byte>;

// One note for all that was done, one for every refusal.
void ask(const std::vector<std::pair<std::string, Range>>& ranges, const char* done, const char* refused,
         Status (*request)(Range), std::vector<std::string>* notes) {
  uint64_t bytes = 0;
  for (const auto& [name, range] : ranges) {
    const Status status = request(range);
    if (status.is_ok()) {
      bytes += range.size();
    } else {
      notes->push_back(concat(refused, " of ", name, ": ", status.message()));
    }
  }
  if (bytes > 0) notes->push_back(concat(done, " ", bytes, " bytes of files and packed weights"));
}

}  // namespace

std::vector<std::string> apply_memory_policy(const MemoryPolicy& policy, const HeldMemory& held) {
  std::vector<std::string> notes;
  if (!policy.prefetch && !policy.lock_memory && !policy.huge_pages) return notes;
  std::vector<std::pair<std::string, Range>> ranges;
  for (const HeldFile& file : held.files) ranges.emplace_back(file.mapping->path().string(), file.mapping->bytes());
  for (const Range& range : held.packed) ranges.emplace_back("packed weights", range);
  // Before the pages come in, which then come as huge ones.
  if (policy.huge_pages) ask(ranges, "asked for huge pages under", "no huge pages: pages", request_huge_pages, &notes);
  if (policy.prefetch) ask(ranges, "prefetched", "not prefetched: pages", prefetch_pages, &notes);
  if (policy.lock_memory) ask(ranges, "locked in memory:", "not locked in memory: pages", lock_pages, &notes);
  return notes;
}

}  // namespace tenon::host
