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

inline constexpr tn_type_rule kFloats_T[] = {sdk::type_rule("T", kFloats)};
inline constexpr tn_type_rule kFloatsAndSigned_T[] = {sdk::type_rule("T", kFloatsAndSigned)};
inline constexpr tn_type_rule kNumeric_T[] = {sdk::type_rule("T", kNumeric)};
inline constexpr tn_type_rule kIntegers_T[] = {sdk::type_rule("T", kIntegers)};
inline constexpr tn_type_rule kBool_T[] = {sdk::type_rule("T", kBool)};
inline constexpr tn_type_rule kNumericAndBool_T[] = {sdk::type_rule("T", kNumericAndBool)};
inline constexpr tn_type_rule kNumericBoolAndString_T[] = {sdk::type_rule("T", kNumericBoolAndString)};
/// No rule at all: every type that the specification allows.
inline constexpr sdk::TypeRules kAny;

}  // namespace tenon::cpu_ref
