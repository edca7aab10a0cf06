// What the cells of RNN, GRU and LSTM do with the sums of their products. Compiled for several instruction sets and
// chosen at run time. Thread-safe.
#pragma once

#include <cstdint>
#include <tenon/sdk/geometry/recurrent.hpp>

namespace tenon::cpu_blas::simd {

/// What is computed for each unit from its gates, x those of the inputs and s those of the old state, both with bias.
/// f, g and k are the step's functions, in that order.
enum class CellPart {
  kRnn,       // h = f(x + s)
  kLstm,      // gates i, o, f, c: C = f(f) C + f(i) g(c), h = f(o) k(C), with peepholes on C
  kGruReset,  // gates z, r, h, the reset after the product: h = (1 - f(z)) g(x + f(r) s) + f(z) h
  kGruGates,  // gates z, r of s and z, r, h of x: s = f(x + s), gated = s(r) h
  kGruState   // s: of the gated state, for the gate h alone; z: what kGruGates left. h = (1 - z) g(x + s) + z h
};

/// Units [begin, end) of `rows` sequences. Gates lie in blocks of vector_width() units, of each block one vector per
/// gate; `begin` is a multiple of vector_width(). States are rows of whole vectors, whose ends are written, too.
struct CellStep {
  int64_t begin, end, rows;
  const float* x;  // the first block's of the first row
  int64_t x_stride;
  float* s;
  int64_t s_stride;
  const float* z;  // kGruState
  int64_t z_stride;
  const float* h;
  float* h_next;  // kGruGates: the gated state
  float* c;       // kLstm
  int64_t state_stride;
  const float* peepholes;  // null, or of the gates i, o, f each state_stride floats
  float* y;                // null, or the first row's new state once more, without the vectors' ends
  int64_t y_stride;
  const sdk::GateActivation* functions;
  bool couples_forget;  // kLstm: 1 - f(i) stands for f(f)
};
void finish_cells(CellPart part, const CellStep& step);

}  // namespace tenon::cpu_blas::simd
