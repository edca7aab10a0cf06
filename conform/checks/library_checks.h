// The checks of a provider library as a whole, a row each. All run in a process of their own.
#pragma once

#include "conform/checks/outcome.h"
#include "conform/checks/subject.h"

namespace tenon::conform {

// CHECK(group, name, whether all behind it is left out where it fails, what it asks of the library), in the order in
// which they run. The function check_<group>_<name> of the folder <group> runs it.
#define TENON_LIBRARY_CHECKS(CHECK)                                                                              \
  CHECK(elf, exports, false, "exports its entry point and nothing else")                                         \
  CHECK(elf, unique, false, "has no symbol that the dynamic linker merges with those of others (GNU_UNIQUE)")    \
  CHECK(elf, code, false, "has no relocations in code, no executable stack, and no memory both written and run") \
  CHECK(elf, needed, false, "lists the libraries that it needs, and says under which sanitizer it was built")    \
  CHECK(elf, features, false, "uses no instructions while loading that its descriptor does not ask for")         \
  CHECK(loading, quiet, true, "does no work in constructors and entry: no threads, files, handlers")             \
  CHECK(abi, versions, true, "answers hosts of every version, older and newer, as it must")                      \
  CHECK(loading, opens, true, "is loaded and gives a provider table that keeps the rules")                       \
  CHECK(abi, table, true, "has no line in its tables that can never be used")                                    \
  CHECK(abi, sizes, true, "reads and writes structs up to the size that they say")                               \
  CHECK(abi, lifecycle, true, "makes and destroys instances, many at once, on any thread")                       \
  CHECK(abi, options, false, "refuses unknown options and bad values, and takes those that it lists")            \
  CHECK(abi, extensions, false, "answers unknown extensions with NULL")                                          \
  CHECK(unload, leftovers, true, "leaves no thread, file, mapping or handler behind when it is unloaded")        \
  CHECK(loading, time, false, "is loaded in less than 5 ms")                                                     \
  CHECK(unload, rounds, false, "is loaded and unloaded over and over without growing")

#define TENON_DECLARE_CHECK(group, name, is_vital, asks) Outcome check_##group##_##name(const Subject& subject);
TENON_LIBRARY_CHECKS(TENON_DECLARE_CHECK)
#undef TENON_DECLARE_CHECK

}  // namespace tenon::conform
