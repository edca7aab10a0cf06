// Explains faults while a provider is being called: which of the memory that the kit lent it was touched where it must
// not be, by which call for which node. The check has failed then, and its process ends. Thread-safe.
#pragma once

#include <cstddef>
#include <string>

namespace tenon::conform {

/// `begin` to `end` with its guard pages, of which `data` to `data_end` was lent.
struct KnownMemory {
  const std::byte *begin, *end, *data, *data_end;
  std::string what;
};
/// Remembers it until it is removed; the place in the table.
size_t add_known_memory(const KnownMemory& memory);
void remove_known_memory(size_t slot);

/// Handles signals of faults from now on: each ends the process, after the outcome of its check was written to the
/// runner (runner/child.h).
void install_fault_handlers();

}  // namespace tenon::conform
