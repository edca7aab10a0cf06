// What a provider makes of a case, and how two of them compare.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/graph/port.h"
#include "tests/providers/walk/case.h"

namespace tenon::walk {

/// How much of a case the model says before it runs.
enum class Sight {
  kHidden,    // no ranks, nothing constant: only the kernel judges
  kSymbolic,  // ranks, and names for dimensions
  kShown      // all sizes: the host's rules judge too
};
const char* sight_name(Sight sight);

struct Verdict {
  enum class Kind { kComputed, kRefused, kLeft, kLeftInRun, kGaveUp, kBroken };
  Kind kind = Kind::kBroken;
  std::string message;
  std::vector<host::Tensor> outputs;
  std::optional<std::string> misinferred;  // how an output is not what the host inferred
};

/// The case as a model of one node, whose inputs, but for those that the model shows as constants, go to `given`.
/// Throws std::runtime_error where the host refuses the graph.
std::unique_ptr<host::Model> model_of(const Case& c, Sight sight, std::vector<host::NamedTensor>* given);
/// Whether two runs of it may differ.
bool is_random(const Case& c);
/// Opens the case as a model of one node on the provider alone, and runs it.
Verdict judge(const Case& c, const std::string& provider, Sight sight);
/// Why `found` does not agree with `expected`; nothing when it does, or when one of them is left to another provider.
std::optional<std::string> disagreement(const Case& c, const Verdict& expected, const Verdict& found);

}  // namespace tenon::walk
