// Instructions over floats; see program_ops.h. Those over integers and bools are in program_ops_integers.cc, those
// without a vector form or with one for few arguments in program_ops_scalar.cc.
#include "simd/program_ops.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/program_ops.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/dispatch.h"
#include "simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
using M = hn::Mask<D>;
constexpr size_t kMaxLanes = HWY_MAX_BYTES / sizeof(float);

/// One operand: vectors of an array, or the same one again and again.
template <bool steps>
struct Source {
  const float* data;
  V repeated;

  explicit HWY_INLINE Source(const void* from)
      : data(static_cast<const float*>(from)), repeated(steps ? hn::Zero(D()) : hn::Set(D(), *data)) {}
  HWY_INLINE V load(int64_t i) const { return steps ? hn::LoadU(D(), data + i) : repeated; }
  HWY_INLINE V load(int64_t i, M first) const { return steps ? hn::MaskedLoad(first, D(), data + i) : repeated; }
};

/// y[i] = F(a[i], b[i], c[i]); operands that F does not read are given as a.
template <class F, bool a_steps, bool b_steps, bool c_steps>
HWY_INLINE void map(const OpArgs& g) {
  const D d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const Source<a_steps> a(g.a);
  const Source<b_steps> b(g.b);
  const Source<c_steps> c(g.c);
  const V p = hn::Set(d, g.p), q = hn::Set(d, g.q);
  auto* y = static_cast<float*>(g.y);
  int64_t i = 0;
  for (; i + lanes <= g.n; i += lanes) hn::StoreU(F::apply(d, a.load(i), b.load(i), c.load(i), p, q), d, y + i);
  if (i == g.n) return;
  const M rest = hn::FirstN(d, static_cast<size_t>(g.n - i));
  hn::BlendedStore(F::apply(d, a.load(i, rest), b.load(i, rest), c.load(i, rest), p, q), rest, d, y + i);
}

template <class F>
void map_1(const OpArgs& g) {
  OpArgs one = g;
  one.b = one.c = g.a;
  g.a_steps ? map<F, true, false, false>(one) : map<F, false, false, false>(one);
}

template <class F>
void map_2(const OpArgs& g) {
  OpArgs two = g;
  two.c = g.a;
  if (g.a_steps) return g.b_steps ? map<F, true, true, false>(two) : map<F, true, false, false>(two);
  g.b_steps ? map<F, false, true, false>(two) : map<F, false, false, false>(two);
}

template <class F>
void map_3(const OpArgs& g) {
  if (g.a_steps && g.b_steps) return g.c_steps ? map<F, true, true, true>(g) : map<F, true, true, false>(g);
  if (g.a_steps) return g.c_steps ? map<F, true, false, true>(g) : map<F, true, false, false>(g);
  if (g.b_steps) return g.c_steps ? map<F, false, true, true>(g) : map<F, false, true, false>(g);
  g.c_steps ? map<F, false, false, true>(g) : map<F, false, false, false>(g);
}

/// A byte, 0 or 1, for each lane.
HWY_INLINE void store_mask(M mask, uint8_t* to) {
  const D d;
  const hn::RebindToSigned<D> di;
  const hn::Rebind<uint8_t, D> bytes;
  const auto ones = hn::IfThenElseZero(hn::RebindMask(di, mask), hn::Set(di, 1));
  (void)d;
  hn::StoreU(hn::DemoteTo(bytes, ones), bytes, to);
}

/// The same with a bool for each element.
template <class F, bool a_steps, bool b_steps>
HWY_INLINE void test(const OpArgs& g) {
  const D d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const Source<a_steps> a(g.a);
  const Source<b_steps> b(g.b);
  const V p = hn::Set(d, g.p), q = hn::Set(d, g.q);
  auto* y = static_cast<uint8_t*>(g.y);
  int64_t i = 0;
  for (; i + lanes <= g.n; i += lanes) store_mask(F::apply(d, a.load(i), b.load(i), p, q), y + i);
  if (i == g.n) return;
  const M rest = hn::FirstN(d, static_cast<size_t>(g.n - i));
  uint8_t last[kMaxLanes];
  store_mask(F::apply(d, a.load(i, rest), b.load(i, rest), p, q), last);
  for (int64_t j = 0; i + j < g.n; ++j) y[i + j] = last[j];
}

template <class F>
void test_2(const OpArgs& g) {
  OpArgs two = g;
  if (two.b == nullptr) two.b = g.a, two.b_steps = false;
  if (two.a_steps) return two.b_steps ? test<F, true, true>(two) : test<F, true, false>(two);
  two.b_steps ? test<F, false, true>(two) : test<F, false, false>(two);
}

#define FLOAT_1(name, expression)                         \
  struct name {                                           \
    static HWY_INLINE V apply(D d, V a, V, V, V p, V q) { \
      (void)d, (void)p, (void)q;                          \
      return expression;                                  \
    }                                                     \
  };
#define FLOAT_2(name, expression)                       \
  struct name {                                         \
    static HWY_INLINE V apply(D d, V a, V b, V, V, V) { \
      (void)d;                                          \
      return expression;                                \
    }                                                   \
  };
#define FLOAT_3(name, expression)                                            \
  struct name {                                                              \
    static HWY_INLINE V apply(D, V a, V b, V c, V, V) { return expression; } \
  };
#define FLOAT_TEST_1(name, expression)                 \
  struct name {                                        \
    static HWY_INLINE M apply(D d, V a, V, V p, V q) { \
      (void)d, (void)p, (void)q;                       \
      return expression;                               \
    }                                                  \
  };
#define FLOAT_TEST_2(name, expression)                                  \
  struct name {                                                         \
    static HWY_INLINE M apply(D, V a, V b, V, V) { return expression; } \
  };
namespace float_functions {
#include "simd/program_ops.inc"
}

OpFunction float_op(Op op) {
#define FLOAT_1(name, expression) \
  if (op == Op::k##name) return map_1<float_functions::name>;
#define FLOAT_2(name, expression) \
  if (op == Op::k##name) return map_2<float_functions::name>;
#define FLOAT_3(name, expression) \
  if (op == Op::k##name) return map_3<float_functions::name>;
#define FLOAT_TEST_1(name, expression) \
  if (op == Op::k##name) return test_2<float_functions::name>;
#define FLOAT_TEST_2(name, expression) \
  if (op == Op::k##name) return test_2<float_functions::name>;
#include "simd/program_ops.inc"
  return nullptr;
}

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu_blas::simd {

TENON_SIMD_EXPORT(float_op);

OpFunction find_integer_op(Op op, TileType type);
OpFunction find_scalar_op(Op op);

OpFunction find_op(Op op, TileType type) {
  if (type != TileType::kFloat || op == Op::kWhere) return find_integer_op(op, type);
  if (OpFunction function = TENON_SIMD(float_op)(op)) return function;
  return find_scalar_op(op);
}

double op_cost_ns(Op op) {
  if (op >= Op::kExp && op <= Op::kCelu) return 0.6;
  if (op >= Op::kAcos && op <= Op::kTan) return 8;
  if (op == Op::kPow || op == Op::kMod || op == Op::kFloorMod) return 4;
  if (op == Op::kSin || op == Op::kCos) return 1;
  return 0.1;
}

}  // namespace tenon::cpu_blas::simd
#endif
