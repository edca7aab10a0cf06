// Reads and judges the descriptor of a provider library (kernel_api/descriptor.h) without running any of its code. Safe
// on any file; libelf stays behind descriptor_reader.cc. Thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "host/base/status.h"

namespace tenon::host {

/// tn_descriptor with its texts checked: `name` is not empty, both are printable. `build` tells one build of the
/// library from another, as "build id <GNU build id>", or "digest <of the file>" where it was linked without one.
/// `unique_symbol`: one of the namespace tenon, mangled, that the dynamic linker would merge with those of other
/// libraries; or empty.
struct Descriptor {
  uint32_t min_abi = 0;
  uint32_t max_abi = 0;
  uint32_t sanitizers = 0;
  uint32_t cpu_features = 0;
  std::string name;
  std::string version;
  std::string build;
  std::string unique_symbol;
};

/// What this process offers to a library.
struct HostTraits {
  uint32_t min_abi;
  uint32_t max_abi;
  uint32_t sanitizers;
  uint32_t cpu_features;
};
HostTraits host_traits();

/// TN_NOT_FOUND: no such file. TN_INVALID_ARGUMENT: not a whole ELF library, or no descriptor in it. TN_UNSUPPORTED:
/// built for another architecture.
Result<Descriptor> read_descriptor(const std::filesystem::path& path);
/// TN_UNSUPPORTED when the library must not be loaded here: ABI version, CPU features, sanitizer or a unique symbol.
Status judge_descriptor(const Descriptor& descriptor, const HostTraits& host);

}  // namespace tenon::host
