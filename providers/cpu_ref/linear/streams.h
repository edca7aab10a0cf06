// Hyper-connections: C streams of H numbers for each token, grouped (... x C x H) or side by side (... x C*H), and the
// gates that go with them.
#pragma once

#include <tenon/sdk/kernel.hpp>

#include "parameters.h"
#include "shape_math.h"

namespace tenon::cpu_ref {

struct Streams {
  int64_t tokens = 0, branches = 0, hidden = 0;
  sdk::Shape leading;    // the dimensions whose product is `tokens`
  bool is_flat = false;  // side by side
};

/// The attribute num_branches: 0 where streams are grouped. TN_INVALID_MODEL below 0.
inline sdk::Result<int64_t> read_branches(const sdk::KernelInfo& info) {
  const int64_t branches = info.attr_int("num_branches");
  if (branches < 0)
    return sdk::invalid_model("attribute num_branches is ", branches,
                              ", expected how many streams lie side by side, or 0 where they are grouped");
  return branches;
}

inline sdk::Result<Streams> resolve_streams(const sdk::TensorView& x, int64_t num_branches) {
  Streams s;
  s.is_flat = num_branches > 0;
  const int64_t own = s.is_flat ? 1 : 2;
  if (x.rank() < own)
    return sdk::invalid_argument("the streams have shape ", sdk::shape_text(x.shape()), ", expected ",
                                 s.is_flat ? "... x branches*hidden" : "... x branches x hidden");
  s.leading.assign(x.shape().begin(), x.shape().end() - own);
  const int64_t width = x.dim(x.rank() - 1);
  s.branches = s.is_flat ? num_branches : x.dim(x.rank() - 2);
  if (width < 1 || s.branches < 1 || (s.is_flat && width % s.branches != 0))
    return sdk::invalid_argument("the streams have shape ", sdk::shape_text(x.shape()), ", expected ",
                                 s.is_flat ? sdk::concat("a last dimension that ", s.branches, " branches divide")
                                           : std::string("at least one branch and one number in each"));
  s.hidden = s.is_flat ? width / s.branches : width;
  TN_ASSIGN_OR_RETURN(s.tokens, product(s.leading, 0, s.leading.size()));
  return s;
}

/// Gates of streams: one for each branch, or one for each number.
struct StreamGates {
  Reals values;
  int64_t branches = 0, each = 1;  // numbers for a branch

  double at(int64_t token, int64_t branch, int64_t i) const {
    return values[(token * branches + branch) * each + (each == 1 ? 0 : i)];
  }
};

/// ... x C, ... x C x 1, ... x C x H, or where `takes_flat` ... x C*H for streams that lie side by side.
inline sdk::Result<StreamGates> resolve_gates(const sdk::TensorView& t, const char* name, const Streams& s,
                                              bool takes_flat) {
  const int64_t own = t.rank() - static_cast<int64_t>(s.leading.size());
  const bool leads = own > 0 && std::equal(s.leading.begin(), s.leading.end(), t.shape().begin());
  const int64_t last = t.rank() == 0 ? 0 : t.dim(t.rank() - 1);
  if (leads && own == 1 && last == s.branches) return StreamGates{Reals(t), s.branches, 1};
  if (leads && own == 1 && takes_flat && s.is_flat && last == s.branches * s.hidden)
    return StreamGates{Reals(t), s.branches, s.hidden};
  if (leads && own == 2 && t.dim(t.rank() - 2) == s.branches && (last == 1 || last == s.hidden))
    return StreamGates{Reals(t), s.branches, last};
  return sdk::invalid_argument("input ", name, " has shape ", sdk::shape_text(t.shape()), ", expected ",
                               sdk::shape_text(s.leading), " x ", s.branches, ", alone or with 1 or ", s.hidden,
                               " numbers each");
}

}  // namespace tenon::cpu_ref
