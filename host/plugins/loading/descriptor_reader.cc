#include "host/plugins/loading/descriptor_reader.h"

#include <cxxabi.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "host/base/checked.h"
#include "host/plugins/abi/abi_sizes.h"
#include "host/plugins/loading/cpu_features.h"
#include "host/plugins/loading/process.h"
#include "host/storage/digest.h"
#include "host/storage/file_descriptor.h"

namespace tenon::host {
namespace {

constexpr char kNoteName[] = "Tenon";
constexpr uint32_t kNoteType = 1;

struct ElfEnd {
  void operator()(Elf* elf) const { elf_end(elf); }
};
using ElfHandle = std::unique_ptr<Elf, ElfEnd>;

std::string hex_text(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += {kDigits[byte / 16], kDigits[byte % 16]};
  }
  return text;
}

std::string machine_name(uint16_t machine) {
  switch (machine) {
    case EM_X86_64: return "x86-64";
    case EM_AARCH64: return "aarch64";
    case EM_386: return "32-bit x86";
    case EM_ARM: return "32-bit Arm";
    case EM_RISCV: return "RISC-V";
    case EM_PPC64: return "64-bit PowerPC";
    case EM_S390: return "S/390";
    default: return concat("machine number ", machine);
  }
}

Status check_header(Elf* elf) {
  if (elf == nullptr || elf_kind(elf) != ELF_K_ELF)
    return error(TN_INVALID_ARGUMENT, "not an ELF file, so not a shared library");
  GElf_Ehdr header;
  if (gelf_getehdr(elf, &header) == nullptr)
    return error(TN_INVALID_ARGUMENT, "the ELF header is cut short or damaged");
  if (header.e_machine != native_elf_machine() || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_ident[EI_DATA] != ELFDATA2LSB)
    return error(TN_UNSUPPORTED, "built for ", machine_name(header.e_machine), ", but this process is ",
                 machine_name(native_elf_machine()), "; use a build of the provider for this machine");
  if (header.e_type != ET_DYN) return error(TN_INVALID_ARGUMENT, "an ELF file, but not a shared library");
  return {};
}

// What the notes of a file say.
struct Notes {
  std::vector<std::string> descriptors;
  std::string build_id;
};

// Adds those of one PT_NOTE segment.
void read_notes(Elf_Data* segment, Notes* notes) {
  size_t offset = 0, name_offset = 0, description_offset = 0;
  GElf_Nhdr note;
  while ((offset = gelf_getnote(segment, offset, &note, &name_offset, &description_offset)) > 0) {
    const char* bytes = static_cast<const char*>(segment->d_buf);
    const std::string_view name(bytes + name_offset, note.n_namesz);
    const std::string_view description(bytes + description_offset, note.n_descsz);
    if (note.n_type == kNoteType && name == std::string_view(kNoteName, sizeof kNoteName))
      notes->descriptors.emplace_back(description);
    if (note.n_type == NT_GNU_BUILD_ID && name == std::string_view(ELF_NOTE_GNU, sizeof ELF_NOTE_GNU))
      notes->build_id = description;
  }
}

// Of a file with one descriptor. Also checks that all the bytes that the dynamic linker would map are in the file.
Result<Notes> find_notes(Elf* elf, uint64_t file_size) {
  size_t header_count = 0;
  if (elf_getphdrnum(elf, &header_count) != 0)
    return error(TN_INVALID_ARGUMENT, "the program headers are cut short or damaged");
  Notes found;
  for (size_t i = 0; i < header_count; ++i) {
    GElf_Phdr header;
    if (gelf_getphdr(elf, static_cast<int>(i), &header) == nullptr)
      return error(TN_INVALID_ARGUMENT, "the program headers are cut short or damaged");
    if (header.p_type != PT_LOAD && header.p_type != PT_NOTE) continue;
    if (!(CheckedSize(header.p_offset) + CheckedSize(header.p_filesz)).fits(file_size))
      return error(TN_INVALID_ARGUMENT, "the file is cut short: a segment ends beyond its ", file_size, " bytes");
    if (header.p_type != PT_NOTE || header.p_filesz == 0) continue;
    Elf_Data* notes = elf_getdata_rawchunk(elf, static_cast<int64_t>(header.p_offset), header.p_filesz,
                                           header.p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
    if (notes == nullptr) return error(TN_INVALID_ARGUMENT, "the notes cannot be read: ", elf_errmsg(-1));
    read_notes(notes, &found);
  }
  if (found.descriptors.empty())
    return error(TN_INVALID_ARGUMENT,
                 "not a Tenon provider: the library has no note of the name \"Tenon\" (see TN_DESCRIPTOR)");
  if (found.descriptors.size() > 1)
    return error(TN_INVALID_ARGUMENT, "the library has ", found.descriptors.size(), " Tenon descriptors, expected one");
  return found;
}

// Whether a mangled name has the namespace tenon in it.
bool is_of_tenon(std::string_view symbol) {
  constexpr std::string_view kNamespace = "5tenon";
  const size_t at = symbol.find(kNamespace);
  return symbol.substr(0, 2) == "_Z" && at != symbol.npos && !(symbol[at - 1] >= '0' && symbol[at - 1] <= '9');
}

// The first STB_GNU_UNIQUE one of tenon in a table of dynamic symbols, or empty. Such a symbol is one for the whole
// process, however local its library was loaded.
Result<std::string> unique_symbol_in(Elf* elf, Elf_Scn* section, const GElf_Shdr& header) {
  const Elf_Data* data = elf_getdata(section, nullptr);
  if (data == nullptr || data->d_type != ELF_T_SYM)
    return error(TN_INVALID_ARGUMENT, "the dynamic symbols cannot be read: ", elf_errmsg(-1));
  const std::span symbols(static_cast<const Elf64_Sym*>(data->d_buf), data->d_size / sizeof(Elf64_Sym));
  for (const Elf64_Sym& symbol : symbols) {
    if (ELF64_ST_BIND(symbol.st_info) != STB_GNU_UNIQUE) continue;
    const char* name = elf_strptr(elf, header.sh_link, symbol.st_name);
    if (name != nullptr && is_of_tenon(name)) return std::string(name);
  }
  return std::string();
}

Result<std::string> find_unique_symbol(Elf* elf) {
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf, section)) != nullptr;) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr)
      return error(TN_INVALID_ARGUMENT, "the section headers are cut short or damaged");
    if (header.sh_type == SHT_DYNSYM) return unique_symbol_in(elf, section, header);
  }
  return std::string();
}

std::string demangled(const std::string& symbol) {
  const std::unique_ptr<char, decltype(&std::free)> text(abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, nullptr),
                                                         std::free);
  return text != nullptr ? text.get() : symbol;
}

// Of the whole file: what tells builds apart that were linked without a build id.
Result<Digest> digest_of_file(int file) {
  DigestStream stream;
  std::vector<std::byte> piece(1 << 20);
  for (off_t at = 0;;) {
    const ssize_t got = pread(file, piece.data(), piece.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return error(TN_INVALID_ARGUMENT, "cannot be read: ", std::strerror(errno));
    if (got == 0) return stream.digest();
    stream.add(std::span(piece).first(static_cast<size_t>(got)));
    at += got;
  }
}

Result<std::string> build_of(const Notes& notes, int file) {
  constexpr size_t kMostShown = 64;
  if (notes.build_id.size() > kMostShown) return "build id of digest " + to_hex(digest_of(notes.build_id));
  if (!notes.build_id.empty()) return "build id " + hex_text(notes.build_id);
  TENON_ASSIGN_OR_RETURN(const Digest digest, digest_of_file(file));
  return "digest " + to_hex(digest);
}

// The text of a zero-terminated array; nothing when it is not terminated or not printable ASCII.
template <size_t N>
std::optional<std::string> printable(const char (&text)[N]) {
  const size_t length = strnlen(text, N);
  if (length == N) return std::nullopt;
  const std::string s(text, length);
  const bool clean = std::all_of(s.begin(), s.end(), [](char c) { return c > ' ' && c < 127; });
  return clean ? std::optional<std::string>(s) : std::nullopt;
}

Result<Descriptor> parse_descriptor(const std::string& bytes, std::string build) {
  if (bytes.size() < kDescriptorSizeV1)
    return error(TN_INVALID_ARGUMENT, "malformed descriptor: it has ", bytes.size(), " bytes, expected at least ",
                 kDescriptorSizeV1);
  tn_descriptor raw;
  std::memcpy(&raw, bytes.data(), kDescriptorSizeV1);
  if (std::memcmp(raw.magic, TN_DESCRIPTOR_MAGIC, sizeof raw.magic) != 0)
    return error(TN_INVALID_ARGUMENT, "malformed descriptor: it does not start with " TN_DESCRIPTOR_MAGIC);
  if (raw.struct_size < kDescriptorSizeV1 || raw.struct_size > bytes.size())
    return error(TN_INVALID_ARGUMENT, "malformed descriptor: struct_size is ", raw.struct_size, " in a note of ",
                 bytes.size(), " bytes");
  const auto name = printable(raw.name), version = printable(raw.version);
  if (!name || name->empty() || !version)
    return error(TN_INVALID_ARGUMENT,
                 "malformed descriptor: name and version must be zero-terminated printable text without spaces");
  if (raw.min_abi == 0 || raw.min_abi > raw.max_abi)
    return error(TN_INVALID_ARGUMENT, "malformed descriptor: ABI versions ", raw.min_abi, " to ", raw.max_abi);
  return Descriptor{raw.min_abi, raw.max_abi, raw.sanitizer, raw.cpu_features, *name, *version, std::move(build)};
}

std::string version_range(uint32_t low, uint32_t high) {
  return low == high ? concat("version ", low) : concat("versions ", low, " to ", high);
}

std::string sanitizer_names(uint32_t sanitizers) {
  std::string text;
  const auto add = [&](uint32_t bit, const char* name) {
    if ((sanitizers & bit) != 0) text += std::string(text.empty() ? "" : ", ") + name;
    sanitizers &= ~bit;
  };
  add(TN_SANITIZER_ADDRESS, "AddressSanitizer");
  add(TN_SANITIZER_THREAD, "ThreadSanitizer");
  add(TN_SANITIZER_UNDEFINED, "UndefinedBehaviorSanitizer");
  add(sanitizers, "one that this host does not know");
  return text;
}

Result<Descriptor> describe_library(Elf* elf, int file, uint64_t file_size) {
  TENON_RETURN_IF_ERROR(check_header(elf));
  TENON_ASSIGN_OR_RETURN(const Notes notes, find_notes(elf, file_size));
  TENON_ASSIGN_OR_RETURN(std::string build, build_of(notes, file));
  TENON_ASSIGN_OR_RETURN(Descriptor descriptor, parse_descriptor(notes.descriptors.front(), std::move(build)));
  TENON_ASSIGN_OR_RETURN(descriptor.unique_symbol, find_unique_symbol(elf));
  return descriptor;
}

}  // namespace

HostTraits host_traits() {
  return {kMinAbiVersion, kMaxAbiVersion, running_sanitizers(), cpu_features()};
}

Result<Descriptor> read_descriptor(const std::filesystem::path& path) {
  // Non-blocking, so that a FIFO cannot hang the open.
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0)
    return error(errno == ENOENT || errno == ENOTDIR ? TN_NOT_FOUND : TN_INVALID_ARGUMENT,
                 "cannot be opened: ", std::strerror(errno));
  struct stat facts;
  if (fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) return error(TN_INVALID_ARGUMENT, "not a file");
  if (elf_version(EV_CURRENT) == EV_NONE) return error(TN_INTERNAL, "libelf: ", elf_errmsg(-1));
  errno = 0;
  const ElfHandle elf(elf_begin(file.get(), ELF_C_READ, nullptr));
  auto descriptor = describe_library(elf.get(), file.get(), static_cast<uint64_t>(facts.st_size));
  if (descriptor.is_ok() || errno != ENOMEM) return descriptor;
  return Status::out_of_memory();  // libelf does not say it in a way that one could ask for
}

Status judge_descriptor(const Descriptor& d, const HostTraits& host) {
  if (d.min_abi > host.max_abi || d.max_abi < host.min_abi)
    return error(TN_UNSUPPORTED, "the provider speaks ", version_range(d.min_abi, d.max_abi),
                 " of the kernel ABI, this host ", version_range(host.min_abi, host.max_abi),
                 d.min_abi > host.max_abi ? "; update Tenon" : "; rebuild the provider with newer headers");
  if (const uint32_t missing = d.sanitizers & ~host.sanitizers; missing != 0)
    return error(TN_UNSUPPORTED, "built with ", sanitizer_names(missing),
                 ", which this process does not run under; use a build without it, or run under it");
  if (const uint32_t missing = d.cpu_features & ~host.cpu_features; missing != 0)
    return error(TN_UNSUPPORTED, "needs a CPU feature that this machine lacks: ", cpu_feature_names(missing));
  if (!d.unique_symbol.empty())
    return error(TN_UNSUPPORTED, "it exports the unique symbol ", demangled(d.unique_symbol),
                 ", expected none of the namespace tenon: providers built with different SDKs would run each other's "
                 "code; link it with the CMake target Tenon::sdk of the installed SDK, or compile it with "
                 "-fvisibility=hidden -fno-gnu-unique");
  return {};
}

}  // namespace tenon::host
