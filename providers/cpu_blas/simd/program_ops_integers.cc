// Instructions over integers and bools, Where and casts; see program_ops.h. Plain loops, of which the compiler makes
// vectors.
#include <limits>
#include <type_traits>

#include "convert.h"
#include "simd/expand.h"
#include "simd/program_ops.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/program_ops_integers.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

template <class T>
HWY_INLINE T wrapping_add(T a, T b) {
  using U = std::make_unsigned_t<T>;
  return static_cast<T>(static_cast<U>(a) + static_cast<U>(b));
}
template <class T>
HWY_INLINE T wrapping_subtract(T a, T b) {
  using U = std::make_unsigned_t<T>;
  return static_cast<T>(static_cast<U>(a) - static_cast<U>(b));
}
template <class T>
HWY_INLINE T wrapping_multiply(T a, T b) {
  using U = std::make_unsigned_t<T>;
  return static_cast<T>(static_cast<U>(a) * static_cast<U>(b));
}
/// Truncates toward zero; the smallest integer by -1 wraps around to itself. By 0 it is 0, which nobody gets to see.
template <class T>
HWY_INLINE T total_divide(T a, T b) {
  if (b == -1) return wrapping_subtract(T(0), a);
  return b == 0 ? T(0) : static_cast<T>(a / b);
}
template <class T>
HWY_INLINE T floored_remainder(T a, T b) {
  if (b == 0) return T(0);
  const T r = wrapping_subtract(a, wrapping_multiply(total_divide(a, b), b));
  return r != 0 && (r < 0) != (b < 0) ? wrapping_add(r, b) : r;
}

template <class R, class T, class F, bool a_steps, bool b_steps>
HWY_INLINE void loop(const OpArgs& g) {
  const T* a = static_cast<const T*>(g.a);
  const T* b = static_cast<const T*>(g.b);
  R* y = static_cast<R*>(g.y);
  const T first_a = *a, first_b = *b;
  for (int64_t i = 0; i < g.n; ++i) y[i] = F::apply(a_steps ? a[i] : first_a, b_steps ? b[i] : first_b);
}

template <class R, class T, class F>
void loop_2(const OpArgs& g) {
  OpArgs two = g;
  if (two.b == nullptr) two.b = g.a, two.b_steps = false;
  if (two.a_steps) return two.b_steps ? loop<R, T, F, true, true>(two) : loop<R, T, F, true, false>(two);
  two.b_steps ? loop<R, T, F, false, true>(two) : loop<R, T, F, false, false>(two);
}

template <class T, bool b_steps, bool c_steps>
HWY_INLINE void select(const OpArgs& g) {
  const uint8_t* which = static_cast<const uint8_t*>(g.a);
  const T* b = static_cast<const T*>(g.b);
  const T* c = static_cast<const T*>(g.c);
  T* y = static_cast<T*>(g.y);
  const T first_b = *b, first_c = *c;
  const uint8_t first_which = *which;
  const int64_t step = g.a_steps ? 1 : 0;
  if (step == 0) {
    for (int64_t i = 0; i < g.n; ++i) {
      const T yes = b_steps ? b[i] : first_b, no = c_steps ? c[i] : first_c;
      y[i] = first_which != 0 ? yes : no;
    }
    return;
  }
  for (int64_t i = 0; i < g.n; ++i) {
    const T yes = b_steps ? b[i] : first_b, no = c_steps ? c[i] : first_c;
    y[i] = which[i] != 0 ? yes : no;
  }
}

/// Elements are moved as integers of their size: a NaN keeps its bits.
template <class T>
void where(const OpArgs& g) {
  if (g.b_steps) return g.c_steps ? select<T, true, true>(g) : select<T, true, false>(g);
  g.c_steps ? select<T, false, true>(g) : select<T, false, false>(g);
}

template <class From, class To>
void cast(const OpArgs& g) {
  const From* x = static_cast<const From*>(g.a);
  auto* y = static_cast<To*>(g.y);
  if (!g.a_steps) {
    const To value = convert<To>(*x);
    for (int64_t i = 0; i < g.n; ++i) y[i] = value;
    return;
  }
  for (int64_t i = 0; i < g.n; ++i) y[i] = convert<To>(x[i]);
}

template <class From>
OpFunction cast_from(TileType to) {
  switch (to) {
    case TileType::kFloat: return cast<From, float>;
    case TileType::kInt32: return cast<From, int32_t>;
    case TileType::kInt64: return cast<From, int64_t>;
    default: return cast<From, bool>;
  }
}

OpFunction find_cast_function(TileType from, TileType to) {
  switch (from) {
    case TileType::kFloat: return cast_from<float>(to);
    case TileType::kInt32: return cast_from<int32_t>(to);
    case TileType::kInt64: return cast_from<int64_t>(to);
    default: return cast_from<BoolByte>(to);
  }
}

#define INTEGER_1(name, expression)     \
  struct name {                         \
    template <class T>                  \
    static HWY_INLINE T apply(T a, T) { \
      return expression;                \
    }                                   \
  };
#define INTEGER_2(name, expression)       \
  struct name {                           \
    template <class T>                    \
    static HWY_INLINE T apply(T a, T b) { \
      return expression;                  \
    }                                     \
  };
#define INTEGER_TEST_2(name, expression)        \
  struct name {                                 \
    template <class T>                          \
    static HWY_INLINE uint8_t apply(T a, T b) { \
      return expression;                        \
    }                                           \
  };
// A byte that is neither 0 nor 1 is true, too.
#define BOOL_2(name, expression)                                   \
  struct name {                                                    \
    static HWY_INLINE uint8_t apply(uint8_t left, uint8_t right) { \
      const bool a = left != 0, b = right != 0;                    \
      return expression;                                           \
    }                                                              \
  };
namespace integer_functions {
#include "simd/program_ops.inc"

struct Not {
  static HWY_INLINE uint8_t apply(uint8_t a, uint8_t) { return a == 0; }
};
struct Move {
  template <class T>
  static HWY_INLINE T apply(T a, T) {
    return a;
  }
};
struct BoolEqual {
  static HWY_INLINE uint8_t apply(uint8_t a, uint8_t b) { return (a != 0) == (b != 0); }
};
}  // namespace integer_functions

template <class T>
OpFunction integer_op(Op op) {
#define INTEGER_1(name, expression) \
  if (op == Op::k##name) return loop_2<T, T, integer_functions::name>;
#define INTEGER_2(name, expression) \
  if (op == Op::k##name) return loop_2<T, T, integer_functions::name>;
#define INTEGER_TEST_2(name, expression) \
  if (op == Op::k##name) return loop_2<uint8_t, T, integer_functions::name>;
#include "simd/program_ops.inc"
  return nullptr;
}

OpFunction bool_op(Op op) {
#define BOOL_2(name, expression) \
  if (op == Op::k##name) return loop_2<uint8_t, uint8_t, integer_functions::name>;
#include "simd/program_ops.inc"
  if (op == Op::kNot) return loop_2<uint8_t, uint8_t, integer_functions::Not>;
  if (op == Op::kCopy) return loop_2<uint8_t, uint8_t, integer_functions::Move>;
  if (op == Op::kEqual) return loop_2<uint8_t, uint8_t, integer_functions::BoolEqual>;
  return nullptr;
}

OpFunction find_typed(Op op, TileType type) {
  if (op == Op::kWhere) {
    const int64_t size = tile_type_size(type);
    if (size == 2) return where<uint16_t>;
    return size == 8 ? where<uint64_t> : size == 4 ? where<uint32_t> : where<uint8_t>;
  }
  switch (type) {
    case TileType::kInt32: return integer_op<int32_t>(op);
    case TileType::kInt64: return integer_op<int64_t>(op);
    case TileType::kBool: return bool_op(op);
    case TileType::kFloat16:
    case TileType::kBfloat16: return op == Op::kCopy ? loop_2<uint16_t, uint16_t, integer_functions::Move> : nullptr;
    default: return nullptr;
  }
}

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu_blas::simd {

TENON_SIMD_EXPORT(find_typed);
TENON_SIMD_EXPORT(find_cast_function);

namespace {

/// Of 16-bit floats: `convert` calls f with pointers and a count.
template <class From, class To, class Convert>
void cast_halves(const OpArgs& g, Convert&& convert) {
  const From* x = static_cast<const From*>(g.a);
  To* y = static_cast<To*>(g.y);
  if (g.a_steps) return convert(x, y, g.n);
  convert(x, y, 1);
  for (int64_t i = 1; i < g.n; ++i) y[i] = y[0];
}

OpFunction find_cast_of_halves(TileType from, TileType to) {
  if (from == TileType::kFloat16 && to == TileType::kFloat)
    return [](const OpArgs& g) { cast_halves<uint16_t, float>(g, float16_to_floats); };
  if (from == TileType::kBfloat16 && to == TileType::kFloat)
    return [](const OpArgs& g) { cast_halves<uint16_t, float>(g, bfloat16_to_floats); };
  if (from == TileType::kFloat && to == TileType::kFloat16)
    return [](const OpArgs& g) { cast_halves<float, uint16_t>(g, floats_to_float16); };
  if (from == TileType::kFloat && to == TileType::kBfloat16)
    return [](const OpArgs& g) { cast_halves<float, uint16_t>(g, floats_to_bfloat16); };
  return nullptr;
}

}  // namespace

OpFunction find_cast(TileType from, TileType to) {
  if (from >= TileType::kFloat16 || to >= TileType::kFloat16) return find_cast_of_halves(from, to);
  return TENON_SIMD(find_cast_function)(from, to);
}

OpFunction find_integer_op(Op op, TileType type) {
  return TENON_SIMD(find_typed)(op, type);
}

}  // namespace tenon::cpu_blas::simd
#endif
