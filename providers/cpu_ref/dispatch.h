// Calls a generic lambda with the C++ type that a dtype stands for, and the type that arithmetic on it is done in.
#pragma once

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

/// A list of element types, to dispatch over.
template <typename... T>
struct TypeList {};
using FloatTypes = TypeList<float, double, sdk::Float16, sdk::BFloat16>;
using SignedIntTypes = TypeList<int8_t, int16_t, int32_t, int64_t>;
using IntTypes = TypeList<int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t>;
using FloatAndSignedTypes = TypeList<float, double, sdk::Float16, sdk::BFloat16, int8_t, int16_t, int32_t, int64_t>;
using NumericTypes = TypeList<float, double, sdk::Float16, sdk::BFloat16, int8_t, int16_t, int32_t, int64_t, uint8_t,
                              uint16_t, uint32_t, uint64_t>;
using NumericAndBoolTypes = TypeList<float, double, sdk::Float16, sdk::BFloat16, int8_t, int16_t, int32_t, int64_t,
                                     uint8_t, uint16_t, uint32_t, uint64_t, bool>;

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

template <typename Body>
sdk::Status visit_floats(tn_dtype dtype, Body&& body) {
  return visit_list(FloatTypes{}, dtype, body);
}

template <typename Body>
sdk::Status visit_numeric(tn_dtype dtype, Body&& body) {
  return visit_list(NumericTypes{}, dtype, body);
}

}  // namespace tenon::cpu_ref
