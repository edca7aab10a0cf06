// Calls a generic lambda with the C++ type that a dtype stands for, and the type that arithmetic on it is done in.
#pragma once

#include <string_view>
#include <tenon/sdk/graph.hpp>
#include <tenon/sdk/tensor.hpp>

namespace tenon::cpu_ref {

/// float for the half types, the type itself otherwise.
template <typename T>
struct ComputeType {
  using type = T;
};
template <>
struct ComputeType<sdk::Float16> {
  using type = float;
};
template <>
struct ComputeType<sdk::BFloat16> {
  using type = float;
};
template <typename T>
using Compute = typename ComputeType<T>::type;

/// A list of element types, to dispatch over and to say in a kernel table what is taken.
template <typename... T>
struct TypeList {};
/// Stands in a list for an element type that no C++ type stands for: kernels read it by its bits.
template <tn_dtype code>
struct Coded {};

template <typename T>
inline constexpr tn_dtype kCode = sdk::kDTypeOf<T>;
template <tn_dtype code>
inline constexpr tn_dtype kCode<Coded<code>> = code;

template <typename... Lists>
struct JoinOf;
template <typename... A>
struct JoinOf<TypeList<A...>> {
  using type = TypeList<A...>;
};
template <typename... A, typename... B, typename... Rest>
struct JoinOf<TypeList<A...>, TypeList<B...>, Rest...> : JoinOf<TypeList<A..., B...>, Rest...> {};
/// The types of all the lists in one.
template <typename... Lists>
using Join = typename JoinOf<Lists...>::type;

using FloatTypes = TypeList<float, double, sdk::Float16, sdk::BFloat16>;
using SignedTypes = TypeList<int8_t, int16_t, int32_t, int64_t>;
using UnsignedTypes = TypeList<uint8_t, uint16_t, uint32_t, uint64_t>;
using BoolType = TypeList<bool>;
using StringType = TypeList<tn_str>;
using Float8Types =
    TypeList<Coded<TN_FLOAT8E4M3FN>, Coded<TN_FLOAT8E4M3FNUZ>, Coded<TN_FLOAT8E5M2>, Coded<TN_FLOAT8E5M2FNUZ>>;
using SmallTypes = TypeList<Coded<TN_FLOAT8E8M0>, Coded<TN_FLOAT4E2M1>, Coded<TN_UINT4>, Coded<TN_INT4>,
                            Coded<TN_UINT2>, Coded<TN_INT2>, Coded<TN_FLOAT6E2M3>, Coded<TN_FLOAT6E3M2>>;

using IntTypes = Join<SignedTypes, UnsignedTypes>;
using FloatAndSignedTypes = Join<FloatTypes, SignedTypes>;
using NumericTypes = Join<FloatTypes, IntTypes>;
using NumericAndBoolTypes = Join<NumericTypes, BoolType>;
using ComplexTypes = TypeList<Coded<TN_COMPLEX64>, Coded<TN_COMPLEX128>>;
using NumericBoolAndStringTypes = Join<NumericAndBoolTypes, StringType>;
using PowTypes = Join<FloatTypes, TypeList<int32_t, int64_t>>;
using FloatAndFloat8Types = Join<FloatTypes, Float8Types>;
/// All but strings and complex numbers.
using NumberTypes = Join<NumericAndBoolTypes, Float8Types, SmallTypes>;
using NumberAndStringTypes = Join<NumberTypes, StringType>;

template <typename... Types>
constexpr bool contains(TypeList<Types...>, tn_dtype dtype) {
  return ((dtype == kCode<Types>) || ...);
}

/// Calls `body(T{})` for the T among Types whose dtype it is; TN_UNSUPPORTED when it is none of them.
template <typename... Types, typename Body>
sdk::Status visit_types(tn_dtype dtype, Body&& body) {
  sdk::Status status;
  const bool found = ((dtype == sdk::kDTypeOf<Types> ? (status = body(Types{}), true) : false) || ...);
  if (!found) return sdk::unsupported("no implementation for element type ", sdk::dtype_name(dtype));
  return status;
}

template <typename... Types, typename Body>
sdk::Status visit_list(TypeList<Types...>, tn_dtype dtype, Body&& body) {
  return visit_types<Types...>(dtype, body);
}

/// TN_UNSUPPORTED unless `value` is of a type in the list. For factories, where a row cannot say it: `why` names the
/// attribute or the input that narrows what is taken.
template <typename... Types>
sdk::Status check_type(TypeList<Types...> list, const sdk::ValueView& value, std::string_view why) {
  const tn_dtype dtype = value.info().dtype();
  if (contains(list, dtype)) return {};
  return sdk::unsupported("no implementation for element type ", sdk::dtype_name(dtype), " ", why);
}

template <typename Body>
sdk::Status visit_floats(tn_dtype dtype, Body&& body) {
  return visit_list(FloatTypes{}, dtype, body);
}

template <typename Body>
sdk::Status visit_numeric(tn_dtype dtype, Body&& body) {
  return visit_list(NumericTypes{}, dtype, body);
}

}  // namespace tenon::cpu_ref
