// What LayerNormalization and RMSNormalization ask of the inputs that scale and shift a row. Pure.
#pragma once

#include <initializer_list>

#include "common.h"

namespace tenon::cpu_blas {

/// TN_UNSUPPORTED unless statistics are floats and each of the inputs, where it is there, has the very shape of the
/// normalized dimensions: cpu_ref broadcasts others.
inline sdk::Status check_parameters(const sdk::KernelInfo& info, std::initializer_list<uint32_t> inputs) {
  if (const int64_t stash = info.attr_int("stash_type"); stash != TN_FLOAT)
    return sdk::unsupported(describe(info), ": stash_type is ", stash, ", expected ", int64_t{TN_FLOAT},
                            ", float, here");
  const sdk::TensorView x = info.input(0).info();
  const int64_t axis = info.attr_int("axis");
  for (uint32_t i : inputs) {
    if (!info.input(i)) continue;
    const sdk::TensorView t = info.input(i).info();
    const int64_t rank = x.has_rank() ? x.rank() : 0;
    const int64_t normalized = axis < -rank || axis >= rank ? 0 : axis < 0 ? -axis : rank - axis;
    bool same = normalized > 0 && t.has_rank() && t.rank() == normalized;
    for (int64_t d = 0; same && d < normalized; ++d) same = t.dim(d) >= 0 && t.dim(d) == x.dim(rank - normalized + d);
    if (!same)
      return sdk::unsupported(describe(info), ": input ", i, " is not known to have the shape of the normalized ",
                              "dimensions, which is all that is implemented here");
  }
  return {};
}

}  // namespace tenon::cpu_blas
