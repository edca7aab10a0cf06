// The element types that kernels of cpu_blas accept, as rule sets for kernels.inc. A set's suffix names the schema's
// type parameters it speaks of. Arithmetic is float alone, but for elementwise programs and what expands to floats;
// data movement takes every type of whole bytes but strings.
#pragma once

#include <tenon/sdk/kernel.hpp>

namespace tenon::cpu_blas {

inline constexpr uint32_t kFloat[] = {TN_FLOAT};
inline constexpr uint32_t kMovable[] = {TN_FLOAT,  TN_DOUBLE, TN_FLOAT16, TN_BFLOAT16,  TN_INT8,
                                        TN_INT16,  TN_INT32,  TN_INT64,   TN_UINT8,     TN_UINT16,
                                        TN_UINT32, TN_UINT64, TN_BOOL,    TN_COMPLEX64, TN_COMPLEX128};
inline constexpr uint32_t kFloats[] = {TN_FLOAT, TN_FLOAT16, TN_BFLOAT16};
inline constexpr uint32_t kCastFrom[] = {TN_FLOAT, TN_DOUBLE, TN_FLOAT16, TN_BFLOAT16, TN_INT8, TN_UINT8,
                                         TN_INT16, TN_UINT16, TN_INT32,   TN_INT64,    TN_BOOL};
inline constexpr uint32_t kCastTo[] = {TN_FLOAT, TN_DOUBLE, TN_FLOAT16, TN_BFLOAT16, TN_INT8,
                                       TN_UINT8, TN_INT32,  TN_INT64,   TN_BOOL};
inline constexpr uint32_t kArithmetic[] = {TN_FLOAT, TN_INT32, TN_INT64};
inline constexpr uint32_t kComputed[] = {TN_FLOAT, TN_INT32, TN_INT64, TN_BOOL};
inline constexpr uint32_t kBool[] = {TN_BOOL};
inline constexpr uint32_t kQuantized[] = {TN_INT8, TN_UINT8, TN_INT4, TN_UINT4, TN_INT16, TN_UINT16, TN_INT32};

inline constexpr tn_type_rule kFloat_T[] = {sdk::type_rule("T", kFloat)};
/// Elementwise programs; T1 and T2 of results are what the operator says.
inline constexpr tn_type_rule kFloat_T1[] = {sdk::type_rule("T1", kFloat)};
inline constexpr tn_type_rule kFloat_T12[] = {sdk::type_rule("T1", kFloat), sdk::type_rule("T2", kFloat)};
inline constexpr tn_type_rule kPow[] = {sdk::type_rule("T", kFloat), sdk::type_rule("T1", kFloat)};
inline constexpr tn_type_rule kArithmetic_T[] = {sdk::type_rule("T", kArithmetic)};
inline constexpr tn_type_rule kComputed_T[] = {sdk::type_rule("T", kComputed)};
inline constexpr tn_type_rule kBool_T[] = {sdk::type_rule("T", kBool)};
inline constexpr tn_type_rule kFloat_TU[] = {sdk::type_rule("T", kFloat), sdk::type_rule("U", kFloat)};
inline constexpr tn_type_rule kFloat_TV[] = {sdk::type_rule("T", kFloat), sdk::type_rule("V", kFloat)};
inline constexpr tn_type_rule kFloat_TUV[] = {sdk::type_rule("T", kFloat), sdk::type_rule("U", kFloat),
                                              sdk::type_rule("V", kFloat)};
/// BatchNormalization: the statistics' own type is U in opset 14, T2 since, beside T1 of scale and bias.
inline constexpr tn_type_rule kFloat_T012U[] = {sdk::type_rule("T", kFloat), sdk::type_rule("T1", kFloat),
                                                sdk::type_rule("T2", kFloat), sdk::type_rule("U", kFloat)};
inline constexpr uint32_t kFloatOrBool[] = {TN_FLOAT, TN_BOOL};
inline constexpr tn_type_rule kAttention[] = {sdk::type_rule("T1", kFloat), sdk::type_rule("T2", kFloat),
                                              sdk::type_rule("U", kFloatOrBool)};
/// Reductions: floats, and the integers that shapes are computed with.
inline constexpr uint32_t kFoldable[] = {TN_FLOAT, TN_INT32, TN_INT64};
inline constexpr tn_type_rule kFoldable_T[] = {sdk::type_rule("T", kFoldable)};
inline constexpr uint32_t kCounting[] = {TN_FLOAT, TN_DOUBLE, TN_INT16, TN_INT32, TN_INT64};
inline constexpr tn_type_rule kCounting_T[] = {sdk::type_rule("T", kCounting)};
/// What is compared with 0.
inline constexpr uint32_t kCountable[] = {TN_FLOAT, TN_INT32, TN_INT64, TN_INT8, TN_UINT8, TN_BOOL};
inline constexpr tn_type_rule kCountable_T[] = {sdk::type_rule("T", kCountable)};
/// OneHot: indices, depth and values.
inline constexpr tn_type_rule kOneHot[] = {sdk::type_rule("T1", kFoldable), sdk::type_rule("T2", kFoldable),
                                           sdk::type_rule("T3", kMovable)};
inline constexpr tn_type_rule kMovable_T[] = {sdk::type_rule("T", kMovable)};
inline constexpr tn_type_rule kMovable_V[] = {sdk::type_rule("V", kMovable)};
inline constexpr tn_type_rule kMovable_T2[] = {sdk::type_rule("T2", kMovable)};
inline constexpr tn_type_rule kCast_T12[] = {sdk::type_rule("T1", kCastFrom), sdk::type_rule("T2", kCastTo)};
/// One type parameter up to opset 13; then those of x, scale and, since opset 23, y.
inline constexpr tn_type_rule kDequantize[] = {sdk::type_rule("T", kQuantized), sdk::type_rule("T1", kQuantized),
                                               sdk::type_rule("T2", kFloats), sdk::type_rule("T3", kFloats)};
/// MatMulNBits: float throughout, but for codes and packed zero points.
inline constexpr uint32_t kByte[] = {TN_UINT8};
inline constexpr uint32_t kFloatOrByte[] = {TN_FLOAT, TN_UINT8};
inline constexpr tn_type_rule kNBits[] = {sdk::type_rule("T1", kFloat), sdk::type_rule("T2", kByte),
                                          sdk::type_rule("T3", kFloatOrByte)};
/// No rule at all: every type that the specification allows.
inline constexpr sdk::TypeRules kAny;

}  // namespace tenon::cpu_blas
