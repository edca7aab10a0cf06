#include "conform/checks/elf/loaded_code.h"

#include <Zydis/Zydis.h>
#include <elf.h>
#include <tenon/kernel_api/kernel_api.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <set>
#include <span>
#include <vector>

#include "conform/checks/outcome.h"
#include "host/base/status.h"

namespace tenon::conform {
namespace {

constexpr size_t kMostInstructions = 500'000;

/// A 64-bit library in memory, as far as this needs it. All that is read is held against the file's length.
class Image {
 public:
  explicit Image(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    const auto* header = at<Elf64_Ehdr>(0);
    if (header == nullptr || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_ident[EI_CLASS] != ELFCLASS64)
      throw Breach("not-elf", path.string() + " is no 64-bit ELF library");
    for (size_t i = 0; i < header->e_phnum; ++i)
      if (const auto* segment = at<Elf64_Phdr>(header->e_phoff + i * sizeof(Elf64_Phdr))) segments_.push_back(*segment);
    for (size_t i = 0; i < header->e_shnum; ++i)
      if (const auto* section = at<Elf64_Shdr>(header->e_shoff + i * sizeof(Elf64_Shdr))) sections_.push_back(*section);
  }

  /// The bytes of code from there to the end of their segment; empty: no code lies there.
  std::span<const uint8_t> code(uint64_t address) const {
    for (const Elf64_Phdr& s : segments_) {
      if (s.p_type != PT_LOAD || (s.p_flags & PF_X) == 0 || address < s.p_vaddr || address - s.p_vaddr >= s.p_filesz)
        continue;
      const uint64_t offset = s.p_offset + (address - s.p_vaddr), left = s.p_filesz - (address - s.p_vaddr);
      if (offset >= bytes_.size()) return {};
      return {reinterpret_cast<const uint8_t*>(bytes_.data()) + offset,
              std::min<uint64_t>(left, bytes_.size() - offset)};
    }
    return {};
  }

  std::vector<uint64_t> constructors() const {
    std::vector<uint64_t> found;
    for (const Elf64_Shdr& array : sections_) {
      if (array.sh_type != SHT_INIT_ARRAY) continue;
      for_each<Elf64_Rela>(SHT_RELA, [&](const Elf64_Rela& r) {
        if (r.r_offset >= array.sh_addr && r.r_offset - array.sh_addr < array.sh_size)
          found.push_back(static_cast<uint64_t>(r.r_addend));
      });
    }
    return found;
  }

  uint64_t symbol(std::string_view name) const {
    uint64_t address = 0;
    for (const Elf64_Shdr& section : sections_) {
      if (section.sh_type != SHT_DYNSYM || section.sh_link >= sections_.size()) continue;
      const uint64_t names = sections_[section.sh_link].sh_offset;
      for (uint64_t at_byte = 0; at_byte + sizeof(Elf64_Sym) <= section.sh_size; at_byte += sizeof(Elf64_Sym)) {
        const auto* s = at<Elf64_Sym>(section.sh_offset + at_byte);
        if (s == nullptr || names + s->st_name + name.size() >= bytes_.size()) continue;
        if (bytes_.compare(names + s->st_name, name.size() + 1, std::string(name) + '\0') == 0) address = s->st_value;
      }
    }
    return address;
  }

 private:
  template <typename T>
  const T* at(uint64_t offset) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T) || offset % alignof(T) != 0) return nullptr;
    return reinterpret_cast<const T*>(bytes_.data() + offset);
  }
  template <typename T, typename Body>
  void for_each(uint32_t type, Body&& body) const {
    for (const Elf64_Shdr& section : sections_) {
      if (section.sh_type != type) continue;
      for (uint64_t at_byte = 0; at_byte + sizeof(T) <= section.sh_size; at_byte += sizeof(T))
        if (const T* entry = at<T>(section.sh_offset + at_byte)) body(*entry);
    }
  }

  std::string bytes_;
  std::vector<Elf64_Phdr> segments_;
  std::vector<Elf64_Shdr> sections_;
};

constexpr uint32_t kNobodyHas = ~0u;

// What a CPU must have for an instruction set beyond x86-64 itself; kNobodyHas: no word of the descriptor stands for
// it.
uint32_t features_of(std::string_view set) {
  struct Line {
    std::string_view begin;
    uint32_t features;
  };
  constexpr uint32_t kV3 = TN_CPU_X86_64_V3, kV4 = TN_CPU_X86_64_V4;
  // The first that fits counts.
  constexpr Line kLines[] = {{"AVX512_VNNI", TN_CPU_X86_VNNI},
                             {"AVX512F", kV4},
                             {"AVX512BW", kV4},
                             {"AVX512CD", kV4},
                             {"AVX512DQ", kV4},
                             {"AVX512", kNobodyHas},
                             {"AVX_", kNobodyHas},
                             {"AVXAES", kNobodyHas},
                             {"AMX", TN_CPU_X86_AMX},
                             {"AVX", kV3},
                             {"FMA4", kNobodyHas},
                             {"FMA", kV3},
                             {"F16C", kV3},
                             {"BMI", kV3},
                             {"LZCNT", kV3},
                             {"MOVBE", kV3},
                             {"SSE3", TN_CPU_X86_64_V2},
                             {"SSSE3", TN_CPU_X86_64_V2},
                             {"SSE4", TN_CPU_X86_64_V2},
                             {"POPCNT", TN_CPU_X86_64_V2},
                             {"CMPXCHG16B", TN_CPU_X86_64_V2},
                             {"VAES", kNobodyHas},
                             {"SHA", kNobodyHas}};
  for (const Line& line : kLines)
    if (set.starts_with(line.begin)) return line.features;
  return 0;
}

// A level has all that the levels below it have.
uint32_t with_lower_levels(uint32_t features) {
  if ((features & TN_CPU_X86_64_V4) != 0) features |= TN_CPU_X86_64_V3;
  if ((features & TN_CPU_X86_64_V3) != 0) features |= TN_CPU_X86_64_V2;
  return features;
}

class Walk {
 public:
  Walk(const Image& image, uint32_t features) : image_(image), features_(with_lower_levels(features)) {
    ZydisDecoderInit(&decoder_, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  }

  std::optional<std::string> from(uint64_t address, const char* what) {
    waiting_ = {address};
    while (!waiting_.empty() && seen_.size() < kMostInstructions) {
      const uint64_t next = waiting_.back();
      waiting_.pop_back();
      if (auto found = block(next)) return host::concat(*found, ", reached from ", what);
    }
    return std::nullopt;
  }

 private:
  // Instructions in a row, up to one that goes elsewhere or was met before.
  std::optional<std::string> block(uint64_t address) {
    while (seen_.insert(address).second && seen_.size() < kMostInstructions) {
      const auto code = image_.code(address);
      ZydisDecodedInstruction instruction;
      ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
      if (code.empty() ||
          !ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder_, code.data(), code.size(), &instruction, operands)))
        return std::nullopt;
      if (is_wider(instruction)) return words(instruction, address);
      const auto category = instruction.meta.category;
      const bool is_jump = category == ZYDIS_CATEGORY_UNCOND_BR, is_call = category == ZYDIS_CATEGORY_CALL;
      if (is_jump || is_call || category == ZYDIS_CATEGORY_COND_BR) {
        ZyanU64 target = 0;
        if (operands[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE &&
            ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(&instruction, &operands[0], address, &target)))
          waiting_.push_back(target);
      }
      if (is_jump || category == ZYDIS_CATEGORY_RET || category == ZYDIS_CATEGORY_INTERRUPT) return std::nullopt;
      address += instruction.length;
    }
    return std::nullopt;
  }

  bool is_wider(const ZydisDecodedInstruction& instruction) const {
    // As `rep bsf` compilers write it for every CPU: the older ones ignore the prefix.
    if (instruction.mnemonic == ZYDIS_MNEMONIC_TZCNT) return false;
    const uint32_t needed = features_of(ZydisISASetGetString(instruction.meta.isa_set));
    return needed == kNobodyHas || (needed & ~features_) != 0;
  }

  static std::string words(const ZydisDecodedInstruction& instruction, uint64_t address) {
    char place[32];
    std::snprintf(place, sizeof place, "0x%llx", static_cast<unsigned long long>(address));
    return host::concat("'", ZydisMnemonicGetString(instruction.mnemonic), "', of ",
                        ZydisISASetGetString(instruction.meta.isa_set), ", at ", place);
  }

  const Image& image_;
  const uint32_t features_;
  ZydisDecoder decoder_;
  std::set<uint64_t> seen_;
  std::vector<uint64_t> waiting_;
};

}  // namespace

bool can_read_code() {
#if defined(__x86_64__)
  return true;
#else
  return false;
#endif
}

std::optional<std::string> find_wider_instruction(const std::filesystem::path& library, uint32_t features) {
  const Image image(library);
  Walk walk(image, features);
  for (const uint64_t constructor : image.constructors())
    if (auto found = walk.from(constructor, "a constructor")) return found;
  return walk.from(image.symbol(TN_ENTRY_SYMBOL), "the entry");
}

}  // namespace tenon::conform
