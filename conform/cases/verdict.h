// What a provider makes of a case, and how two of them compare.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conform/cases/case_model.h"

namespace tenon::cases {

struct Verdict {
  enum class Kind { kComputed, kRefused, kLeft, kLeftInRun, kGaveUp, kBroken };
  Kind kind = Kind::kBroken;
  std::string message;
  std::vector<host::Tensor> outputs;
  std::optional<std::string> misinferred;  // how an output is not what the host inferred
};

/// Whether two runs of it may differ.
bool is_random(const Case& c);
/// Opens the case as a model of one node on the provider alone, and runs it.
Verdict judge(const Case& c, const std::string& provider, Sight sight);
/// Why `found` does not agree with `expected`; nothing when it does, or when one of them is left to another provider.
std::optional<std::string> disagreement(const Case& c, const Verdict& expected, const Verdict& found);

}  // namespace tenon::cases
