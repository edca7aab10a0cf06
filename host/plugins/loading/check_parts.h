// What the checks of a plugin's tables share. All errors are TN_INTERNAL. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>

#include "host/base/status.h"

namespace tenon::host {

inline Status check_size(const char* what, size_t stated, size_t needed) {
  if (stated >= needed) return {};
  return error(TN_INTERNAL, what, " says its struct_size is ", stated, ", version 1 of the ABI has ", needed);
}

inline Status check_present(const char* what, bool present) {
  return present ? Status() : error(TN_INTERNAL, what, " is NULL");
}

/// Of a list with `count` entries, which are stepped through with `stride`.
inline Status check_stride(const char* what, uint32_t count, size_t stride, size_t needed) {
  if (count == 0 || (stride >= needed && stride % alignof(void*) == 0)) return {};
  return error(TN_INTERNAL, what, " is ", stride, ", version 1 of the ABI has ", needed, " bytes, aligned to ",
               alignof(void*));
}

/// Far above any real table, `most` makes garbage of a count, which would be read as memory.
inline Status check_list(const char* count_name, uint32_t count, uint32_t most, const char* list_name,
                         const void* list) {
  if (count <= most && (count == 0 || list != nullptr)) return {};
  return list == nullptr ? error(TN_INTERNAL, count_name, " is ", count, " and ", list_name, " is NULL")
                         : error(TN_INTERNAL, count_name, " is ", count, ", more than ", most);
}

/// The i-th entry of a list, stepping by the plugin's own size of one.
template <typename T>
const T& stepped(const T* list, uint32_t stride, uint32_t i) {
  return *reinterpret_cast<const T*>(reinterpret_cast<const char*>(list) + size_t{i} * stride);
}

}  // namespace tenon::host
