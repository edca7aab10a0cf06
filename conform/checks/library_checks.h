// The checks of a provider library as a whole, a row each. All run in a process of their own.
#pragma once

#include "conform/checks/outcome.h"
#include "conform/checks/subject.h"

namespace tenon::conform {

// CHECK(group, name, whether operators can be examined where it fails, what it asks of the library). The function
// check_<group>_<name> of the folder <group> runs it.
#define TENON_LIBRARY_CHECKS(CHECK)                                                                                 \
  CHECK(elf, exports, true, "exports its entry point and nothing else")                                             \
  CHECK(elf, unique, true, "has no symbol that the dynamic linker merges with those of others (GNU_UNIQUE)")        \
  CHECK(elf, code, true, "has no relocations in code and no executable stack, nor memory both written and run")     \
  CHECK(elf, needed, true, "finds the libraries that it needs, and says under which sanitizer it was built")        \
  CHECK(loading, opens, false, "is loaded and gives a provider table that keeps the rules")                         \
  CHECK(loading, quiet, false, "does no work in constructors: no threads, no open files, nothing of the process's") \
  CHECK(loading, time, true, "is loaded in less than 5 ms")                                                         \
  CHECK(abi, table, true, "has no line in its tables that can never be used")                                       \
  CHECK(abi, versions, false, "answers hosts of every version, older and newer, as it must")                        \
  CHECK(abi, sizes, false, "reads and writes structs up to the size that they say")                                 \
  CHECK(abi, options, true, "refuses unknown options and bad values, and takes those that it lists")                \
  CHECK(abi, extensions, true, "answers unknown extensions with NULL")                                              \
  CHECK(abi, lifecycle, false, "makes and destroys instances, many at once, on any thread")                         \
  CHECK(unload, leftovers, true, "leaves no thread, file, mapping or handler behind when it is unloaded")           \
  CHECK(unload, rounds, true, "is loaded and unloaded over and over without growing")

#define TENON_DECLARE_CHECK(group, name, is_vital, asks) Outcome check_##group##_##name(const Subject& subject);
TENON_LIBRARY_CHECKS(TENON_DECLARE_CHECK)
#undef TENON_DECLARE_CHECK

}  // namespace tenon::conform
