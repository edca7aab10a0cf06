// The cells of RNN, GRU and LSTM; see recurrent.h.
#include "simd/recurrent.h"

#include <cmath>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/recurrent.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/dispatch.h"
#include "simd/math-inl.h"
#include "simd/panel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

/// The functions that few models name.
HWY_NOINLINE V rare_gate(const sdk::GateActivation& f, V x) {
  using F = sdk::GateFunction;
  const D d;
  const V zero = hn::Zero(d), one = hn::Set(d, 1.0f);
  const V alpha = hn::Set(d, static_cast<float>(f.alpha)), beta = hn::Set(d, static_cast<float>(f.beta));
  switch (f.function) {
    case F::kSoftsign: return hn::Div(x, hn::Add(one, hn::Abs(x)));
    case F::kSoftplus: {
      const V small = hn::Log1p(d, exp(d, hn::Neg(hn::Abs(x))));
      return keep_nan(x, hn::Add(hn::Max(x, zero), small));
    }
    case F::kAffine: return hn::MulAdd(alpha, x, beta);
    case F::kLeakyRelu: return hn::IfThenElse(hn::Ge(x, zero), x, hn::Mul(alpha, x));
    case F::kThresholdedRelu: return hn::IfThenElseZero(hn::Ge(x, alpha), x);
    case F::kScaledTanh: return hn::Mul(alpha, tanh(d, hn::Mul(beta, x)));
    case F::kHardSigmoid: return clamp(hn::MulAdd(alpha, x, beta), zero, one);
    default: {
      const V below = hn::Max(hn::Min(x, zero), hn::Set(d, -100.0f));  // where e^x - 1 is -1
      return hn::IfThenElse(hn::Ge(x, zero), x, keep_nan(x, hn::Mul(alpha, hn::Expm1(d, below))));
    }
  }
}

HWY_INLINE V unclipped_gate(const sdk::GateActivation& f, V x) {
  const D d;
  if (f.function == sdk::GateFunction::kSigmoid) return sigmoid(d, x);
  if (f.function == sdk::GateFunction::kTanh) return tanh(d, x);
  if (f.function == sdk::GateFunction::kRelu) return keep_nan(x, hn::Max(x, hn::Zero(d)));
  return rare_gate(f, x);
}

HWY_INLINE V gate(const sdk::GateActivation& f, V x) {
  const D d;
  if (f.clip == INFINITY) return unclipped_gate(f, x);
  const V limit = hn::Set(d, static_cast<float>(f.clip));
  return unclipped_gate(f, clamp(x, hn::Neg(limit), limit));
}

/// (1 - z) candidate + z old.
HWY_INLINE V mixed(V z, V candidate, V old) {
  const D d;
  return hn::MulAdd(hn::Sub(hn::Set(d, 1.0f), z), candidate, hn::Mul(z, old));
}

/// One block of a row: `x` and `s` its gates, `at` its first unit within the states and peepholes.
struct Block {
  const float* x;
  float* s;
  const float* z;
  const float* h;
  float* h_next;
  float* c;
  const float* peepholes;
};

HWY_INLINE void lstm_block(const CellStep& p, const Block& b) {
  const D d;
  const sdk::GateActivation* f = p.functions;
  const auto sum = [&](int64_t g) { return hn::Add(hn::LoadU(d, b.x + g * lanes()), hn::LoadU(d, b.s + g * lanes())); };
  const auto peep = [&](int64_t g, V value, V cell) {
    if (b.peepholes == nullptr) return value;
    return hn::MulAdd(hn::LoadU(d, b.peepholes + g * p.state_stride), cell, value);
  };
  const V old = hn::LoadU(d, b.c);
  const V in = gate(f[0], peep(0, sum(0), old));
  const V forget = p.couples_forget ? hn::Sub(hn::Set(d, 1.0f), in) : gate(f[0], peep(2, sum(2), old));
  const V cell = hn::MulAdd(forget, old, hn::Mul(in, gate(f[1], sum(3))));
  const V out = gate(f[0], peep(1, sum(1), cell));
  hn::StoreU(cell, d, b.c);
  hn::StoreU(hn::Mul(out, gate(f[2], cell)), d, b.h_next);
}

template <CellPart part>
HWY_INLINE void finish_block(const CellStep& p, const Block& b) {
  const D d;
  const sdk::GateActivation* f = p.functions;
  const int64_t L = lanes();
  const auto x = [&](int64_t g) { return hn::LoadU(d, b.x + g * L); };
  const auto s = [&](int64_t g) { return hn::LoadU(d, b.s + g * L); };
  if constexpr (part == CellPart::kRnn) {
    hn::StoreU(gate(f[0], hn::Add(x(0), s(0))), d, b.h_next);
  } else if constexpr (part == CellPart::kLstm) {
    lstm_block(p, b);
  } else if constexpr (part == CellPart::kGruReset) {
    const V z = gate(f[0], hn::Add(x(0), s(0))), r = gate(f[0], hn::Add(x(1), s(1)));
    hn::StoreU(mixed(z, gate(f[1], hn::MulAdd(r, s(2), x(2))), hn::LoadU(d, b.h)), d, b.h_next);
  } else if constexpr (part == CellPart::kGruGates) {
    const V z = gate(f[0], hn::Add(x(0), s(0))), r = gate(f[0], hn::Add(x(1), s(1)));
    hn::StoreU(z, d, b.s);
    hn::StoreU(hn::Mul(r, hn::LoadU(d, b.h)), d, b.h_next);
  } else {
    const V candidate = gate(f[1], hn::Add(x(2), s(0)));
    hn::StoreU(mixed(hn::LoadU(d, b.z), candidate, hn::LoadU(d, b.h)), d, b.h_next);
  }
}

/// x_gates, s_gates, z_gates: vectors of a block there.
template <CellPart part>
void finish_part(const CellStep& p, int64_t x_gates, int64_t s_gates, int64_t z_gates) {
  for (int64_t row = 0; row < p.rows; ++row) {
    const int64_t state = row * p.state_stride;
    for (int64_t at = p.begin; at < p.end; at += lanes()) {
      const Block block{p.x + row * p.x_stride + at * x_gates,
                        p.s + row * p.s_stride + at * s_gates,
                        p.z == nullptr ? nullptr : p.z + row * p.z_stride + at * z_gates,
                        p.h + state + at,
                        p.h_next + state + at,
                        p.c == nullptr ? nullptr : p.c + state + at,
                        p.peepholes == nullptr ? nullptr : p.peepholes + at};
      finish_block<part>(p, block);
    }
    if (p.y != nullptr)
      std::memcpy(p.y + row * p.y_stride + p.begin, p.h_next + state + p.begin,
                  static_cast<size_t>(p.end - p.begin) * sizeof(float));
  }
}

void finish_cells(CellPart part, const CellStep& step) {
  switch (part) {
    case CellPart::kRnn: return finish_part<CellPart::kRnn>(step, 1, 1, 0);
    case CellPart::kLstm: return finish_part<CellPart::kLstm>(step, 4, 4, 0);
    case CellPart::kGruReset: return finish_part<CellPart::kGruReset>(step, 3, 3, 0);
    case CellPart::kGruGates: return finish_part<CellPart::kGruGates>(step, 3, 2, 0);
    case CellPart::kGruState: return finish_part<CellPart::kGruState>(step, 3, 1, 2);
  }
}

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu_blas::simd {

TENON_SIMD_EXPORT(finish_cells);
void finish_cells(CellPart part, const CellStep& step) {
  TENON_SIMD(finish_cells)(part, step);
}

}  // namespace tenon::cpu_blas::simd
#endif
