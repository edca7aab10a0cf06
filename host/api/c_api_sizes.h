// The public structs that may grow: how one is taken from a caller and given to one, whose headers may be older or
// newer.
#pragma once

#include <tenon/environment.h>
#include <tenon/files.h>
#include <tenon/model.h>
#include <tenon/process.h>
#include <tenon/value.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <type_traits>

#include "host/api/c_api_internal.h"
#include "host/base/status.h"

namespace tenon::host::c_api {

/// Name and size of a struct as its first version has it.
template <typename T>
struct FirstVersion;
#define TENON_FIRST_VERSION(type, last_member)                                               \
  template <>                                                                                \
  struct FirstVersion<type> {                                                                \
    static constexpr const char* kName = #type;                                              \
    static constexpr size_t kSize = offsetof(type, last_member) + sizeof(type::last_member); \
  };
TENON_FIRST_VERSION(tenon_tensor, device_id)
TENON_FIRST_VERSION(tenon_value_type, key)
TENON_FIRST_VERSION(tenon_port, dim_names)
TENON_FIRST_VERSION(tenon_option, help)
TENON_FIRST_VERSION(tenon_named_value, value)
TENON_FIRST_VERSION(tenon_model_facts, ir_version)
TENON_FIRST_VERSION(tenon_opset, version)
TENON_FIRST_VERSION(tenon_property, value)
TENON_FIRST_VERSION(tenon_placement, reason)
TENON_FIRST_VERSION(tenon_conversion, external_data_root)
TENON_FIRST_VERSION(tenon_provider_info, why_not)
TENON_FIRST_VERSION(tenon_provider_option, help)
TENON_FIRST_VERSION(tenon_provider_kernel, type_count)
TENON_FIRST_VERSION(tenon_kernel_type, dtype_count)
TENON_FIRST_VERSION(tenon_memory_use, peak_resident)
TENON_FIRST_VERSION(tenon_residency, private_bytes)
#undef TENON_FIRST_VERSION

/// TN_INVALID_ARGUMENT unless the struct at `from` has the first version's size at least. `what`: for the error, in
/// parts.
template <typename T, typename... What>
Status check_size(const T* from, const What&... what) {
  using First = FirstVersion<T>;
  if (from->struct_size >= First::kSize) return {};
  return error(TN_INVALID_ARGUMENT, "struct_size of ", what..., " is ", from->struct_size, ", expected at least ",
               First::kSize, ": set it to sizeof(", First::kName, ")");
}

/// Of a struct whose size was checked; members that the caller does not have are 0.
template <typename T>
T known_part(const T& from) {
  T whole{};
  std::memcpy(&whole, &from, std::min(from.struct_size, sizeof(T)));
  return whole;
}

/// A caller's struct as this library knows it.
template <typename T>
Result<T> taken(const T* from, const char* what) {
  TENON_RETURN_IF_ERROR(check_size(from, what));
  return known_part(*from);
}

/// Element `index` of a caller's array, whose structs may be longer or shorter than T.
template <typename T>
const T* element_at(const T* first, size_t index) {
  return reinterpret_cast<const T*>(reinterpret_cast<const char*>(first) + index * first->struct_size);
}

/// Each struct of a caller's array in turn; `take` returns a Status. `what`: "input".
template <typename T, typename Take>
Status take_each(const T* first, size_t count, const char* what, Take&& take) {
  if (count == 0) return {};
  TENON_RETURN_IF_ERROR(check_size(first, what, " 0"));
  if (first->struct_size % alignof(T) != 0)
    return error(TN_INVALID_ARGUMENT, "struct_size of ", what, " 0 is ", first->struct_size, ", no multiple of ",
                 alignof(T), ": set it to sizeof(", FirstVersion<T>::kName, ")");
  for (size_t i = 0; i < count; ++i) {
    const T* element = element_at(first, i);
    if (element->struct_size != first->struct_size)
      return error(TN_INVALID_ARGUMENT, "struct_size of ", what, " ", i, " is ", element->struct_size, ", expected ",
                   first->struct_size, " as that of ", what, " 0: all of an array have the same");
    TENON_RETURN_IF_ERROR(take(i, known_part(*element)));
  }
  return {};
}

/// Fills as much of a caller's struct as it has. `name`: of the argument.
template <typename T>
Status give(const T& made, T* to, const char* name) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (to == nullptr) return null_argument(name);
  TENON_RETURN_IF_ERROR(check_size(to, "'", name, "'"));
  const size_t size = to->struct_size;
  std::memcpy(static_cast<void*>(to), &made, std::min(size, sizeof(T)));
  to->struct_size = size;
  return {};
}

}  // namespace tenon::host::c_api
