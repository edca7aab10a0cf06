// Mutants of the plans of packs: references led elsewhere, fields and lists changed, bytes overwritten. Every checksum
// of the result is right. Thread-safe.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "host/base/status.h"
#include "tests/fuzz/mutants/random.h"

namespace tenon::mutants {

/// Changes a FlatBuffer, and those nested in it, in 1 to 4 places. Most of what comes out is a FlatBuffer of the
/// schema.
void mutate_flatbuffer(std::vector<std::byte>& bytes, Random& random);

/// Writes a mutant of the pack at `pack` to `target`, which must be in an existing folder.
host::Status write_plan_mutant(const std::filesystem::path& pack, const std::filesystem::path& target, Random& random);

}  // namespace tenon::mutants
