// The element types that kernels of cpu_ref accept, as rule sets for kernels.inc. A set's suffix names the schema's
// type parameters it speaks of. The host has already held the node against the specification, so a set may be wider
// than an opset version's own list.
#pragma once

#include <tenon/sdk/kernel.hpp>

namespace tenon::cpu_ref {

inline constexpr uint32_t kFloats[] = {TN_FLOAT, TN_DOUBLE, TN_FLOAT16, TN_BFLOAT16};
inline constexpr uint32_t kFloatsAndSigned[] = {TN_FLOAT, TN_DOUBLE, TN_FLOAT16, TN_BFLOAT16,
                                                TN_INT8,  TN_INT16,  TN_INT32,   TN_INT64};
inline constexpr uint32_t kNumeric[] = {TN_FLOAT, TN_DOUBLE, TN_FLOAT16, TN_BFLOAT16, TN_INT8,   TN_INT16,
                                        TN_INT32, TN_INT64,  TN_UINT8,   TN_UINT16,   TN_UINT32, TN_UINT64};
inline constexpr uint32_t kIntegers[] = {TN_INT8,  TN_INT16,  TN_INT32,  TN_INT64,
                                         TN_UINT8, TN_UINT16, TN_UINT32, TN_UINT64};
inline constexpr uint32_t kNumericAndBool[] = {TN_FLOAT,  TN_DOUBLE, TN_FLOAT16, TN_BFLOAT16, TN_INT8,
                                               TN_INT16,  TN_INT32,  TN_INT64,   TN_UINT8,    TN_UINT16,
                                               TN_UINT32, TN_UINT64, TN_BOOL};
inline constexpr uint32_t kNumericBoolAndString[] = {TN_FLOAT,  TN_DOUBLE, TN_FLOAT16, TN_BFLOAT16, TN_INT8,
                                                     TN_INT16,  TN_INT32,  TN_INT64,   TN_UINT8,    TN_UINT16,
                                                     TN_UINT32, TN_UINT64, TN_BOOL,    TN_STRING};
inline constexpr uint32_t kBool[] = {TN_BOOL};
inline constexpr uint32_t kPowBases[] = {TN_FLOAT, TN_DOUBLE, TN_FLOAT16, TN_BFLOAT16, TN_INT32, TN_INT64};
inline constexpr uint32_t kFloatsAndFloat8[] = {TN_FLOAT,        TN_DOUBLE,         TN_FLOAT16,    TN_BFLOAT16,
                                                TN_FLOAT8E4M3FN, TN_FLOAT8E4M3FNUZ, TN_FLOAT8E5M2, TN_FLOAT8E5M2FNUZ};
/// All but strings and complex numbers.
inline constexpr uint32_t kNumbers[] = {
    TN_FLOAT,          TN_DOUBLE,     TN_FLOAT16,        TN_BFLOAT16,   TN_INT8,       TN_INT16, TN_INT32,
    TN_INT64,          TN_UINT8,      TN_UINT16,         TN_UINT32,     TN_UINT64,     TN_BOOL,  TN_FLOAT8E4M3FN,
    TN_FLOAT8E4M3FNUZ, TN_FLOAT8E5M2, TN_FLOAT8E5M2FNUZ, TN_FLOAT8E8M0, TN_FLOAT4E2M1, TN_UINT4, TN_INT4,
    TN_UINT2,          TN_INT2,       TN_FLOAT6E2M3,     TN_FLOAT6E3M2};
inline constexpr uint32_t kNumbersAndString[] = {
    TN_FLOAT,          TN_DOUBLE,     TN_FLOAT16,        TN_BFLOAT16,   TN_INT8,       TN_INT16, TN_INT32,
    TN_INT64,          TN_UINT8,      TN_UINT16,         TN_UINT32,     TN_UINT64,     TN_BOOL,  TN_FLOAT8E4M3FN,
    TN_FLOAT8E4M3FNUZ, TN_FLOAT8E5M2, TN_FLOAT8E5M2FNUZ, TN_FLOAT8E8M0, TN_FLOAT4E2M1, TN_UINT4, TN_INT4,
    TN_UINT2,          TN_INT2,       TN_FLOAT6E2M3,     TN_FLOAT6E3M2, TN_STRING};

inline constexpr tn_type_rule kFloats_T[] = {sdk::type_rule("T", kFloats)};
inline constexpr tn_type_rule kFloatsAndSigned_T[] = {sdk::type_rule("T", kFloatsAndSigned)};
inline constexpr tn_type_rule kNumeric_T[] = {sdk::type_rule("T", kNumeric)};
inline constexpr tn_type_rule kIntegers_T[] = {sdk::type_rule("T", kIntegers)};
inline constexpr tn_type_rule kBool_T[] = {sdk::type_rule("T", kBool)};
inline constexpr tn_type_rule kNumericAndBool_T[] = {sdk::type_rule("T", kNumericAndBool)};
inline constexpr tn_type_rule kNumericBoolAndString_T[] = {sdk::type_rule("T", kNumericBoolAndString)};
inline constexpr tn_type_rule kPow[] = {sdk::type_rule("T", kPowBases), sdk::type_rule("T1", kNumeric)};
inline constexpr tn_type_rule kCast[] = {sdk::type_rule("T1", kNumbersAndString),
                                         sdk::type_rule("T2", kNumbersAndString)};
inline constexpr tn_type_rule kFloatsAndFloat8_T[] = {sdk::type_rule("T", kFloatsAndFloat8)};
inline constexpr tn_type_rule kFloatsAndFloat8_T1[] = {sdk::type_rule("T1", kFloatsAndFloat8)};
inline constexpr tn_type_rule kFloats_T_U_V[] = {sdk::type_rule("T", kFloats), sdk::type_rule("U", kFloats),
                                                 sdk::type_rule("V", kFloats)};
inline constexpr tn_type_rule kAttention[] = {sdk::type_rule("T1", kFloats), sdk::type_rule("T2", kFloats),
                                              sdk::type_rule("U", kNumericAndBool)};
inline constexpr tn_type_rule kNumbers_T_T1_T2_T3[] = {sdk::type_rule("T", kNumbers), sdk::type_rule("T1", kNumbers),
                                                       sdk::type_rule("T2", kNumbers), sdk::type_rule("T3", kNumbers)};
/// No rule at all: every type that the specification allows.
inline constexpr sdk::TypeRules kAny;

}  // namespace tenon::cpu_ref
