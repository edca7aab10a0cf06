#include "recurrent/weights.h"

#include <algorithm>

#include "common.h"
#include "simd/isa.h"
#include "simd/panel_gemm.h"

namespace tenon::cpu_blas {

RecurrentWeights::RecurrentWeights(const Cell& cell, int64_t inputs, int64_t hidden)
    : directions_(cell.attributes.directions),
      gates_(cell.gates()),
      first_gates_(cell.first_gates()),
      inputs_(inputs),
      hidden_(hidden),
      padded_(round_up(hidden, simd::vector_width())),
      resets_after_(cell.resets_after) {}

sdk::Result<int64_t> RecurrentWeights::float_count() const {
  int64_t rows, count;
  if (__builtin_add_overflow(inputs_, hidden_ + 2, &rows) ||
      __builtin_mul_overflow(rows, directions_ * gates_ * padded_, &count) || count > INT64_MAX / 8)
    return sdk::invalid_argument("weights of ", inputs_, " inputs and ", hidden_,
                                 " units are too large, expected a size of 64 bits");
  return count;
}

std::string RecurrentWeights::key() const {
  return sdk::concat("cpu_blas.recurrent/1 gates=", gates_, "/", first_gates_, " resets_after=", resets_after_,
                     " nr=", simd::panel_width(), " vector=", simd::vector_width(), " isa=", simd::isa_name());
}

// The rows of gates [first_gate, last_gate) of gates*hidden x depth, as columns.
void RecurrentWeights::pack_panels(const float* matrix, int64_t depth, int64_t first_gate, int64_t last_gate,
                                   float* to) const {
  const int64_t lanes = simd::vector_width(), gates = last_gate - first_gate, columns = gates * padded_;
  for (int64_t first = 0; first < columns; first += simd::panel_width()) {
    const int64_t width = std::min(simd::panel_width(), columns - first);
    float* const panel = to + first * depth;
    for (int64_t column = 0; column < width; ++column) {
      const int64_t vector = (first + column) / lanes;
      const int64_t unit = vector / gates * lanes + column % lanes, gate = first_gate + vector % gates;
      const float* const row = matrix + (gate * hidden_ + unit) * depth;
      for (int64_t k = 0; k < depth; ++k) panel[k * width + column] = unit < hidden_ ? row[k] : 0.0f;
    }
  }
}

void RecurrentWeights::pack(const float* w, const float* r, const float* b, float* to) const {
  const int64_t rows = gates_ * hidden_, lanes = simd::vector_width();
  for (int64_t d = 0; d < directions_; ++d, to += per_direction()) {
    const Direction at = direction(to, 0);
    const auto place = [&](const float* part) { return to + (part - to); };
    pack_panels(w + d * rows * inputs_, inputs_, 0, gates_, place(at.w));
    pack_panels(r + d * rows * hidden_, hidden_, 0, first_gates_, place(at.r));
    if (first_gates_ < gates_) pack_panels(r + d * rows * hidden_, hidden_, first_gates_, gates_, place(at.gated_r));
    // The reset gate scales the last gate's product with the state and its bias, which therefore stays apart.
    const int64_t columns = gates_ * padded_;
    std::fill_n(place(at.input_bias), columns, 0.0f);
    std::fill_n(place(at.state_bias), columns, 0.0f);
    for (int64_t gate = 0; b != nullptr && gate < gates_; ++gate) {
      const float* const wb = b + 2 * d * rows + gate * hidden_;
      const float* const rb = wb + rows;
      const bool is_apart = resets_after_ && gate == 2;
      for (int64_t unit = 0; unit < hidden_; ++unit) {
        const int64_t column = (unit / lanes * gates_ + gate) * lanes + unit % lanes;
        place(at.input_bias)[column] = is_apart ? wb[unit] : wb[unit] + rb[unit];
        if (is_apart) place(at.state_bias)[column] = rb[unit];
      }
    }
  }
}

RecurrentWeights::Direction RecurrentWeights::direction(const float* packed, int64_t d) const {
  Direction at{};
  at.w = packed + d * per_direction();
  at.input_bias = at.w + input_columns() * inputs_;
  at.r = at.input_bias + input_columns();
  at.gated_r = at.r + state_columns() * hidden_;
  at.state_bias = at.gated_r + gated_columns() * hidden_;
  at.gated_bias = at.state_bias + state_columns();
  return at;
}

}  // namespace tenon::cpu_blas
