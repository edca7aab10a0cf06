// What a session holds, by the system's own count: which pages of its files, packs and arenas are in memory, and
// whether other processes share them. Thread-safe.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "host/report/report.h"
#include "host/storage/file_mapping.h"

namespace tenon::host {

struct HeldFile {
  std::string kind;  // "source file", "pack file"
  const FileMapping* mapping;
};

/// Where a session's memory lies; the ranges are of private anonymous memory.
struct HeldMemory {
  std::vector<HeldFile> files;
  std::vector<std::span<const std::byte>> packed;
  std::vector<std::span<const std::byte>> arenas;
  std::vector<std::span<const std::byte>> scratch;
};

/// Adds the entries to the report, whose memory and stages are filled in. Constants on the heap count as touched in
/// full. What opening took beyond all that is known is one entry, "graph, plan and kernels": the growth of the whole
/// process, so it is too high when other threads allocated meanwhile. Takes milliseconds in a large process.
void add_residency(const HeldMemory& held, SessionReport* report);

}  // namespace tenon::host
