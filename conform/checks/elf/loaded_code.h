// The code of a library that runs when it is loaded and asked for its table: what its constructors and its entry reach
// by direct calls and jumps. Read from the file; Zydis stays behind loaded_code.cc.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace tenon::conform {

/// Whether code of this machine's architecture can be read.
bool can_read_code();

/// The first instruction there that needs a CPU feature beyond `features` (TN_CPU_...), in words: "'vmovups', of AVX,
/// at 0x1230, reached from the entry"; nothing: there is none. Throws Breach("not-elf").
std::optional<std::string> find_wider_instruction(const std::filesystem::path& library, uint32_t features);

}  // namespace tenon::conform
