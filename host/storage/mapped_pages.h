// What the system offers for the pages of a mapping. Thread-safe.
#pragma once

#include <cstddef>
#include <span>

namespace tenon::host {

/// Gives back the resident pages of `mapping`, a whole mapped file, around its part `part`. Pages outside of the
/// mapping are never touched.
void release_mapped_pages(std::span<const std::byte> mapping, std::span<const std::byte> part);

}  // namespace tenon::host
