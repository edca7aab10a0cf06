// The weights of a recurrent cell, packed: columns in blocks of simd::vector_width() units, of each block a vector per
// gate, so that what a thread computes of all gates of its units is one range of columns; past the hidden size zeroes.
// For each direction W as panels (packed_b.h), the bias that comes with the inputs, R as panels, and the bias that
// comes with the state. Thread-safe.
#pragma once

#include "recurrent/cell.h"

namespace tenon::cpu_blas {

class RecurrentWeights {
 public:
  RecurrentWeights() = default;
  RecurrentWeights(const Cell& cell, int64_t inputs, int64_t hidden);

  /// Floats of all directions; TN_INVALID_ARGUMENT where they do not count.
  sdk::Result<int64_t> float_count() const;
  /// Everything that the packed bytes depend on but the weights.
  std::string key() const;
  /// Packs all directions of W, R and B, which is null where there is none.
  void pack(const float* w, const float* r, const float* b, float* to) const;

  /// The hidden size in whole vectors.
  int64_t padded() const { return padded_; }
  /// Columns of the products with the inputs, with the state, and with the gated state (0: there is none).
  int64_t input_columns() const { return gates_ * padded_; }
  int64_t state_columns() const { return first_gates_ * padded_; }
  int64_t gated_columns() const { return (gates_ - first_gates_) * padded_; }

  /// Of one direction, within the packed floats.
  struct Direction {
    const float *w, *input_bias, *r, *state_bias, *gated_r, *gated_bias;
  };
  Direction direction(const float* packed, int64_t d) const;

 private:
  void pack_panels(const float* matrix, int64_t depth, int64_t first_gate, int64_t last_gate, float* to) const;
  int64_t per_direction() const { return gates_ * padded_ * (inputs_ + hidden_ + 2); }

  int64_t directions_ = 1, gates_ = 1, first_gates_ = 1, inputs_ = 0, hidden_ = 0, padded_ = 0;
  bool resets_after_ = false;
};

}  // namespace tenon::cpu_blas
