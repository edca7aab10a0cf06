// Rotary position embedding: pairs of elements of a head turned by angles that grow with the position.
#pragma once

#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"
#include "shape_math.h"

namespace tenon::cpu_ref {

/// Tables of `rows` positions x `half` cosines and sines. They turn the first 2 * half elements of a head: element i
/// with i + half, or if `interleaved` 2i with 2i + 1. Borrows from the inputs.
template <typename T>
struct RotaryTables {
  const T* cosines = nullptr;
  const T* sines = nullptr;
  int64_t rows = 0;
  int64_t half = 0;
  bool interleaved = false;

  /// out = head turned for `position`, which must be in [0, rows); `out` may be `head`.
  template <typename In, typename Out>
  void rotate(const In* head, int64_t head_size, int64_t position, Out* out) const {
    const T* cosine = cosines + position * half;
    const T* sine = sines + position * half;
    for (int64_t i = 0; i < half; ++i) {
      const int64_t first = interleaved ? 2 * i : i, second = interleaved ? 2 * i + 1 : i + half;
      const double x = double(head[first]), y = double(head[second]), c = double(cosine[i]), s = double(sine[i]);
      out[first] = Out(Compute<Out>(x * c - y * s));
      out[second] = Out(Compute<Out>(x * s + y * c));
    }
    for (int64_t i = 2 * half; i < head_size; ++i) out[i] = Out(Compute<Out>(double(head[i])));
  }
};

/// Both caches must be positions x half with 2 * half at most `head_size`.
inline sdk::Status check_rotary_caches(const sdk::TensorView& cosines, const sdk::TensorView& sines,
                                       int64_t head_size) {
  if (cosines.rank() != 2 || cosines.dim(1) > head_size / 2)
    return sdk::invalid_argument("input cos_cache has shape ", sdk::shape_text(cosines.shape()),
                                 ", expected positions x at most half of the head size ", head_size);
  if (to_shape(cosines.shape()) != to_shape(sines.shape()))
    return sdk::invalid_argument("inputs cos_cache and sin_cache have shapes ", sdk::shape_text(cosines.shape()),
                                 " and ", sdk::shape_text(sines.shape()),
                                 ", expected the same: both have an entry per angle");
  return {};
}

}  // namespace tenon::cpu_ref
