#include "conform/checks/elf/elf_file.h"

#include <fcntl.h>
#include <gelf.h>
#include <unistd.h>

#include "conform/checks/outcome.h"

namespace tenon::conform {
namespace {

class Reader {
 public:
  explicit Reader(const std::filesystem::path& path) : file_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    elf_version(EV_CURRENT);
    elf_ = file_ < 0 ? nullptr : elf_begin(file_, ELF_C_READ, nullptr);
    if (elf_ == nullptr || elf_kind(elf_) != ELF_K_ELF) throw Breach("not-elf", path.string() + " is no ELF library");
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() {
    elf_end(elf_);
    if (file_ >= 0) close(file_);
  }

  ElfFile read() {
    read_segments();
    for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf_, section)) != nullptr;) {
      GElf_Shdr header;
      if (gelf_getshdr(section, &header) == nullptr) continue;
      if (header.sh_type == SHT_DYNSYM) read_symbols(section, header);
      if (header.sh_type == SHT_DYNAMIC) read_dynamic(section, header);
    }
    return std::move(found_);
  }

 private:
  void read_segments() {
    size_t count = 0;
    elf_getphdrnum(elf_, &count);
    bool has_stack = false;
    for (size_t i = 0; i < count; ++i) {
      GElf_Phdr header;
      if (gelf_getphdr(elf_, static_cast<int>(i), &header) == nullptr) continue;
      if (header.p_type == PT_GNU_STACK) {
        has_stack = true;
        found_.has_executable_stack = (header.p_flags & PF_X) != 0;
      }
      if (header.p_type == PT_LOAD && (header.p_flags & PF_X) != 0 && (header.p_flags & PF_W) != 0)
        found_.has_writable_code = true;
    }
    // Without a word about its stack a library gets an executable one.
    if (!has_stack) found_.has_executable_stack = true;
  }

  void read_symbols(Elf_Scn* section, const GElf_Shdr& header) {
    Elf_Data* data = elf_getdata(section, nullptr);
    if (data == nullptr || header.sh_entsize == 0) return;
    for (size_t i = 1; i < header.sh_size / header.sh_entsize; ++i) {
      GElf_Sym symbol;
      if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr) continue;
      const char* name = elf_strptr(elf_, header.sh_link, symbol.st_name);
      const auto bind = GELF_ST_BIND(symbol.st_info);
      const auto visibility = GELF_ST_VISIBILITY(symbol.st_other);
      if (bind == STB_LOCAL || visibility == STV_HIDDEN || visibility == STV_INTERNAL) continue;
      found_.symbols.push_back(
          {name == nullptr ? "" : name, symbol.st_shndx != SHN_UNDEF, bind == STB_GLOBAL, bind == STB_GNU_UNIQUE});
    }
  }

  void read_dynamic(Elf_Scn* section, const GElf_Shdr& header) {
    Elf_Data* data = elf_getdata(section, nullptr);
    if (data == nullptr || header.sh_entsize == 0) return;
    for (size_t i = 0; i < header.sh_size / header.sh_entsize; ++i) {
      GElf_Dyn entry;
      if (gelf_getdyn(data, static_cast<int>(i), &entry) == nullptr) continue;
      const auto text = [&] {
        const char* found = elf_strptr(elf_, header.sh_link, entry.d_un.d_val);
        return std::string(found == nullptr ? "" : found);
      };
      if (entry.d_tag == DT_NEEDED) found_.needed.push_back(text());
      if (entry.d_tag == DT_RUNPATH || entry.d_tag == DT_RPATH) found_.run_path = text();
      if (entry.d_tag == DT_TEXTREL || (entry.d_tag == DT_FLAGS && (entry.d_un.d_val & DF_TEXTREL) != 0))
        found_.has_text_relocations = true;
      if (entry.d_tag == DT_FLAGS_1 && (entry.d_un.d_val & DF_1_NODELETE) != 0) found_.cannot_be_unloaded = true;
    }
  }

  const int file_;
  Elf* elf_ = nullptr;
  ElfFile found_;
};

}  // namespace

ElfFile read_elf(const std::filesystem::path& path) {
  return Reader(path).read();
}

}  // namespace tenon::conform
