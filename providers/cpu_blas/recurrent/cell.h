// What a node of RNN, GRU or LSTM is: its attributes, its functions, which gates its products sum. Immutable.
#pragma once

#include <tenon/sdk/geometry/recurrent.hpp>
#include <tenon/sdk/kernel.hpp>

#include "simd/recurrent.h"

namespace tenon::cpu_blas {

enum class CellKind { kRnn, kGru, kLstm };

struct Cell {
  CellKind kind = CellKind::kRnn;
  sdk::RecurrentAttributes attributes;
  std::vector<sdk::GateActivation> functions;  // functions_per_direction() for each
  bool resets_after = false;                   // GRU: linear_before_reset
  bool couples_forget = false;                 // LSTM: input_forget

  /// TN_INVALID_MODEL for attributes that mean nothing.
  static sdk::Result<Cell> parse(const sdk::KernelInfo& info, CellKind kind);

  int64_t gates() const { return attributes.gates; }
  int64_t functions_per_direction() const { return kind == CellKind::kRnn ? 1 : kind == CellKind::kGru ? 2 : 3; }
  /// A GRU whose last gate is a product with the gated state, so that a step has two parts.
  bool has_two_parts() const { return kind == CellKind::kGru && !resets_after; }
  /// Gates whose products with the old state are one.
  int64_t first_gates() const { return has_two_parts() ? 2 : gates(); }
  simd::CellPart first_part() const {
    if (kind == CellKind::kRnn) return simd::CellPart::kRnn;
    if (kind == CellKind::kLstm) return simd::CellPart::kLstm;
    return resets_after ? simd::CellPart::kGruReset : simd::CellPart::kGruGates;
  }
};

}  // namespace tenon::cpu_blas
