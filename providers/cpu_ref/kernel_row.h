// The columns of the kernel tables (<family>/*.inc): which element types a kernel takes, by the schema's type
// parameters, and what memory it may reuse. The host has already held the node against the specification, so a list may
// be wider than an opset version's own.
#pragma once

#include <tenon/sdk/kernel.hpp>

#include "dispatch.h"

namespace tenon::cpu_ref {

/// A TypeList as the ABI has it.
template <typename List>
struct Codes;
template <typename... T>
struct Codes<TypeList<T...>> {
  static constexpr uint32_t values[] = {kCode<T>...};
};

/// One type parameter may be any type of the list.
template <typename List>
constexpr tn_type_rule rule(const char* parameter) {
  return sdk::type_rule(parameter, Codes<List>::values);
}

// Rule sets, named by the parameters that they speak of.
template <typename List>
inline constexpr tn_type_rule kT[] = {rule<List>("T")};
template <typename List>
inline constexpr tn_type_rule kT1[] = {rule<List>("T1")};
template <typename List>
inline constexpr tn_type_rule kT3[] = {rule<List>("T3")};
template <typename List>
inline constexpr tn_type_rule kTU[] = {rule<List>("T"), rule<List>("U")};
template <typename List>
inline constexpr tn_type_rule kTV[] = {rule<List>("T"), rule<List>("V")};
template <typename List>
inline constexpr tn_type_rule kTUV[] = {rule<List>("T"), rule<List>("U"), rule<List>("V")};
template <typename List>
inline constexpr tn_type_rule kT1T2[] = {rule<List>("T1"), rule<List>("T2")};
template <typename List>
inline constexpr tn_type_rule kT1T2T3[] = {rule<List>("T1"), rule<List>("T2"), rule<List>("T3")};
template <typename List>
inline constexpr tn_type_rule kTT1T2T3[] = {rule<List>("T"), rule<List>("T1"), rule<List>("T2"), rule<List>("T3")};
inline constexpr tn_type_rule kPow[] = {rule<PowTypes>("T"), rule<NumericTypes>("T1")};
inline constexpr tn_type_rule kCast[] = {rule<NumberAndStringTypes>("T1"), rule<NumberAndStringTypes>("T2")};
inline constexpr tn_type_rule kAttention[] = {rule<FloatTypes>("T1"), rule<FloatTypes>("T2"),
                                              rule<NumericAndBoolTypes>("U")};
/// No rule at all: every type that the specification allows.
inline constexpr sdk::TypeRules kAny;

/// The inputs whose memory output 0 may take.
inline constexpr sdk::Aliases kNew;
inline constexpr sdk::Aliases kInPlace = sdk::reuses<1>();
inline constexpr sdk::Aliases kInEitherPlace = sdk::reuses<3>();
inline constexpr sdk::Aliases kInSecondPlace = sdk::reuses<2>();
inline constexpr sdk::Aliases kInAnyPlace = sdk::reuses<~0u>();
/// Of Where: either value, not the condition.
inline constexpr sdk::Aliases kInLaterPlace = sdk::reuses<6>();
/// Only what changes is written where both are the same memory.
inline constexpr tn_alias kFirstGrows[] = {{0, 0, TN_ALIAS_STATE}};
inline constexpr sdk::Aliases kGrowing = kFirstGrows;
/// Of attention with a cache: present key and value are past key and value with rows added.
inline constexpr tn_alias kCacheGrows[] = {{1, 3, TN_ALIAS_STATE}, {2, 4, TN_ALIAS_STATE}};
inline constexpr sdk::Aliases kGrowingCache = kCacheGrows;

}  // namespace tenon::cpu_ref
