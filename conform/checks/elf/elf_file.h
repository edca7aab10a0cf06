// What an ELF library says of itself, read without loading it. libelf stays behind elf_file.cc. Immutable.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace tenon::conform {

struct ElfSymbol {
  std::string name;
  bool is_defined = false, is_global = false, is_unique = false;
};

struct ElfFile {
  std::vector<ElfSymbol> symbols;  // of the dynamic linker: global and weak ones, visible to others
  std::vector<std::string> needed;
  std::string run_path;
  bool has_text_relocations = false, has_executable_stack = false, has_writable_code = false;
  bool cannot_be_unloaded = false;  // DF_1_NODELETE
};

/// Throws Breach("not-elf").
ElfFile read_elf(const std::filesystem::path& path);

}  // namespace tenon::conform
