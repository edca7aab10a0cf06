// ValueType from and to the TypeInfo of the schema. Thread-safe.
#pragma once

#include "host/base/status.h"
#include "host/formats/ort/ort_generated.h"
#include "host/graph/graph.h"

namespace tenon::host::ort {

/// The characters of a string that may be absent.
inline std::string_view text(const flatbuffers::String* string) {
  return string != nullptr ? std::string_view(string->c_str(), string->size()) : std::string_view();
}

/// TN_INVALID_MODEL or TN_UNSUPPORTED says what is wrong with the type, without the value's name.
Result<ValueType> read_type(const ort_file::TypeInfo& info);
/// Null for a type of which nothing is known.
flatbuffers::Offset<ort_file::TypeInfo> write_type(flatbuffers::FlatBufferBuilder& builder, const ValueType& type);

}  // namespace tenon::host::ort
