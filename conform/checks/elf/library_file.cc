#include <tenon/kernel_api/kernel_api.h>

#include <algorithm>

#include "conform/checks/elf/elf_file.h"
#include "conform/checks/elf/loaded_code.h"
#include "conform/checks/library_checks.h"
#include "host/base/status.h"
#include "host/plugins/loading/cpu_features.h"
#include "host/plugins/loading/descriptor_reader.h"

namespace tenon::conform {
namespace {

using host::concat;

// The linker's own, which some versions of it leave visible.
bool is_of_linker(std::string_view name) {
  return name == "_init" || name == "_fini" || name == "_edata" || name == "_end" || name == "__bss_start";
}

std::string listed(const std::vector<std::string>& names) {
  constexpr size_t kShown = 8;
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kShown); ++i) text += (i == 0 ? "" : ", ") + names[i];
  return names.size() > kShown ? concat(text, " and ", names.size() - kShown, " more") : text;
}

}  // namespace

Outcome check_elf_exports(const Subject& subject) {
  std::vector<std::string> others;
  bool has_entry = false;
  for (const ElfSymbol& symbol : read_elf(subject.library).symbols) {
    if (!symbol.is_defined || symbol.is_unique || is_of_linker(symbol.name)) continue;
    // Runtimes of sanitizers look theirs up in every library.
    if (symbol.name.starts_with("__asan") || symbol.name.starts_with("__odr_asan")) continue;
    if (symbol.name == TN_ENTRY_SYMBOL)
      has_entry = true;
    else
      others.push_back(symbol.name);
  }
  if (!has_entry) return Outcome::fail("no-entry", concat("it does not export ", TN_ENTRY_SYMBOL));
  if (others.empty()) return Outcome::pass();
  return Outcome::fail("exports-more",
                       concat("it exports ", others.size(),
                              " symbols beside its entry, which those of other libraries "
                              "may replace: ",
                              listed(others), "; link with the SDK's target Tenon::sdk or a version script"));
}

Outcome check_elf_unique(const Subject& subject) {
  std::vector<std::string> unique;
  for (const ElfSymbol& symbol : read_elf(subject.library).symbols)
    if (symbol.is_unique && symbol.is_defined) unique.push_back(symbol.name);
  if (unique.empty()) return Outcome::pass();
  return Outcome::fail("unique-symbols",
                       concat("it has ", unique.size(),
                              " symbols that are one in the whole process, and cannot be unloaded: ", listed(unique),
                              "; compile with -fno-gnu-unique and hidden visibility"));
}

Outcome check_elf_code(const Subject& subject) {
  const ElfFile file = read_elf(subject.library);
  if (file.has_text_relocations)
    return Outcome::fail("text-relocations",
                         "its code is written to while it is loaded (DT_TEXTREL); compile with -fPIC");
  if (file.has_executable_stack)
    return Outcome::fail("executable-stack", "it asks for an executable stack; link with -Wl,-z,noexecstack");
  if (file.has_writable_code) return Outcome::fail("writable-code", "a segment of it is both written and run");
  return Outcome::pass();
}

Outcome check_elf_needed(const Subject& subject) {
  const ElfFile file = read_elf(subject.library);
  const auto descriptor = host::read_descriptor(subject.library);
  if (!descriptor.is_ok()) return Outcome::fail("descriptor", descriptor.status().message());
  uint32_t found = 0;
  for (const ElfSymbol& symbol : file.symbols) {
    if (symbol.name.starts_with("__asan_")) found |= TN_SANITIZER_ADDRESS;
    if (symbol.name.starts_with("__tsan_")) found |= TN_SANITIZER_THREAD;
  }
  const uint32_t stated = descriptor->sanitizers & (TN_SANITIZER_ADDRESS | TN_SANITIZER_THREAD);
  if (found != stated)
    return Outcome::fail("sanitizer-tag", concat("its code is built under the sanitizers ", found,
                                                 " of TN_SANITIZER_, its descriptor says ", stated));
  if (file.run_path.starts_with("/"))
    return Outcome::pass(concat("needs ", listed(file.needed), "; finds them by the path ", file.run_path,
                                ", which another machine may not have"));
  return Outcome::pass(file.needed.empty() ? "needs nothing" : "needs " + listed(file.needed));
}

Outcome check_elf_features(const Subject& subject) {
  if (!can_read_code()) return Outcome::unsupported("code of this architecture is not read");
  const auto descriptor = host::read_descriptor(subject.library);
  if (!descriptor.is_ok()) return Outcome::fail("descriptor", descriptor.status().message());
  const std::string asked = host::cpu_feature_names(descriptor->cpu_features);
  if (const auto wider = find_wider_instruction(subject.library, descriptor->cpu_features))
    return Outcome::fail("wider-instructions",
                         concat(*wider, "; its descriptor asks for ", asked.empty() ? "no CPU features" : asked));
  return Outcome::pass(asked);
}

}  // namespace tenon::conform
