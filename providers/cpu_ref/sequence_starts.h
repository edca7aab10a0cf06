// Sequences that lie one behind the other: where each begins.
#pragma once

#include <tenon/sdk/kernel.hpp>
#include <vector>

namespace tenon::cpu_ref {

/// Of a list with one number more than there are sequences: 0, where each next one begins, and `tokens`.
/// `may_be_empty`: a sequence may have no token.
inline sdk::Result<std::vector<int64_t>> read_starts(const sdk::TensorView& t, const char* name, int64_t tokens,
                                                     bool may_be_empty) {
  if (t.rank() != 1 || t.dim(0) < 1)
    return sdk::invalid_argument("input ", name, " has shape ", sdk::shape_text(t.shape()),
                                 ", expected one number more than there are sequences");
  std::vector<int64_t> starts;
  for (const int32_t start : t.span<int32_t>()) {
    if (starts.empty() ? start != 0 : start < starts.back() + (may_be_empty ? 0 : 1))
      return sdk::invalid_argument("input ", name, " has ", start, " at place ", starts.size(), ", expected ",
                                   starts.empty() ? "0"
                                   : may_be_empty ? "no less than before"
                                                  : "more than before");
    starts.push_back(start);
  }
  if (starts.back() != tokens)
    return sdk::invalid_argument("input ", name, " ends with ", starts.back(), ", expected the number of tokens, ",
                                 tokens);
  return starts;
}

}  // namespace tenon::cpu_ref
