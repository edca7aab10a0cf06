// What the system offers for the pages of a mapping. Thread-safe.
#pragma once

#include <cstddef>
#include <span>

#include "host/base/status.h"

namespace tenon::host {

/// Gives back the resident pages of `mapping`, a whole mapped file, around its part `part`. Pages outside of the
/// mapping are never touched.
void release_mapped_pages(std::span<const std::byte> mapping, std::span<const std::byte> part);

/// Whether the page that holds the address, of a mapped file, is in memory; true where the system does not tell, as of
/// files that this user may not write to.
bool is_in_memory(const std::byte* address);

/// Has the system read the pages of `range`, of a mapped file, that are not in memory, in order; returns when it knows
/// of all, not when they are there. Only advice: nothing is told of failures.
void read_ahead(std::span<const std::byte> range);

/// Brings all pages of `range` into memory and into this process's page tables; returns when they are there, or only
/// begins to read them where the system cannot wait. TN_UNSUPPORTED with the reason.
Status prefetch_pages(std::span<const std::byte> range);

/// Keeps all pages of `range` in memory until they are unmapped. TN_UNSUPPORTED with the reason and the mend.
Status lock_pages(std::span<const std::byte> range);

/// Asks for huge pages under `range`. TN_UNSUPPORTED with the reason; success is no promise of the system.
Status request_huge_pages(std::span<const std::byte> range);

}  // namespace tenon::host
