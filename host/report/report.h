// What a session tells about itself: placement with reasons, initializers with their residence, memory by kind. Plain
// data; to_text() for people, to_json() for programs.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tenon::host {

struct NodePlacement {
  std::string node;  // name, or first output; in a subgraph after its path: "loop1.body/relu"
  std::string op_type;
  std::string domain;
  int opset = 0;
  std::string provider;  // empty: nobody takes it; "host" for control flow
  std::string kernel;    // "Conv", or the label of the group that it is compiled into
  std::string reason;    // why there, and why not on the providers before it in the order
  uint64_t cost_ns = 0;  // of a run on one thread, as the provider says, at the first node of a group; 0: not told
};

struct InitializerEntry {
  std::string name;
  std::string dtype;
  std::vector<int64_t> shape;
  uint64_t bytes = 0;
  std::string residence;  // residence_name()
  std::string reason;     // empty for mapped ones
};

struct MemoryReport {
  uint64_t mapped_file_bytes = 0;      // length of the mapped files
  uint64_t mapped_weight_bytes = 0;    // initializers used in place
  uint64_t copied_weight_bytes = 0;    // initializers copied, private
  uint64_t computed_weight_bytes = 0;  // made by folding, private
  uint64_t pack_weight_bytes = 0;      // initializers used in place in the pack file
  uint64_t pack_file_bytes = 0;        // length of the pack file, mapped
  uint64_t packed_bytes = 0;           // packed weights, private: in no pack file
  uint64_t arena_bytes = 0;            // arenas of runs, now
  uint64_t arena_peak_bytes = 0;
  uint64_t scratch_peak_bytes = 0;
  uint64_t process_private_bytes = 0;  // of the whole process, from the kernel: private clean and dirty
  uint64_t process_shared_bytes = 0;
};

/// Memory of one kind that a session holds, with what the system counts of it. In bytes.
struct ResidencyEntry {
  std::string kind;           // "source file", "pack file", "packed weights", "arenas" ...
  std::string name;           // path of a file, or why it is there
  uint64_t bytes = 0;         // addresses taken
  uint64_t resident = 0;      // pages in memory, whoever shares them
  uint64_t proportional = 0;  // each page divided by the processes that map it
  uint64_t shared_bytes = 0;
  uint64_t private_bytes = 0;
};

/// Private memory is the anonymous memory of the whole process.
struct StageTime {
  std::string stage;  // "import", "fold", "place", "plan" ...
  double milliseconds = 0;
  uint64_t private_bytes = 0;       // growth in the stage
  uint64_t peak_private_bytes = 0;  // the highest growth within it; see host/storage/private_peak.h
  int64_t private_change = 0;       // as private_bytes, negative when it shrank
};

struct ProviderEntry {
  std::string name, version, path;
  size_t nodes = 0;
  bool is_loaded = true;  // false: nothing was asked of its library
};

/// The pack file that a session runs from.
struct PackEntry {
  std::string state = "none";  // "used", "made" by this session, or "none"
  std::string path;
  std::string reason;  // why there is none, or why it does not lie in the cache folder
  uint64_t bytes = 0;
};

struct SessionReport {
  std::string model;
  unsigned threads = 0;
  std::vector<ProviderEntry> providers;
  std::vector<NodePlacement> placement;
  std::vector<InitializerEntry> initializers;
  std::vector<StageTime> stages;
  std::vector<std::string> notes;  // whatever was done that a user might not expect
  PackEntry pack;
  MemoryReport memory;
  std::vector<ResidencyEntry> residency;
};

/// A page of text; `details` lists every node and initializer instead of totals.
std::string to_text(const SessionReport& report, bool details = false);
std::string to_json(const SessionReport& report);
/// A table of the entries below a line with `title` and the sum of what is private.
std::string residency_text(const std::string& title, const std::vector<ResidencyEntry>& residency);

}  // namespace tenon::host
