// Names and sizes of the element types of kernel_api/tensor.h.
#pragma once

#include <tenon/kernel_api/tensor.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "host/base/checked.h"

namespace tenon::host {

/// Bits of one element; 0 for TN_UNDEFINED and unknown types. A string counts as its tn_str.
int dtype_bits(uint32_t dtype);
/// "float16", as ONNX writes it in lower case; "unknown(99)" for what is not in the list.
std::string dtype_name(uint32_t dtype);
/// The type of that name, TN_UNDEFINED if there is none. Accepts also "float32" and "float64".
tn_dtype dtype_from_name(std::string_view name);
/// The type of that number, as a file or an application gives it; TN_UNDEFINED if there is none.
tn_dtype dtype_from_number(int64_t number);
/// Bytes of a tensor: sub-byte types are packed and rounded up to whole bytes. Invalid on overflow or a negative
/// dimension.
CheckedSize checked_byte_length(uint32_t dtype, std::span<const int64_t> dims);
/// The alignment in bytes that an element needs; 1 for sub-byte types.
size_t dtype_alignment(uint32_t dtype);
/// "2x3x4", "scalar" for rank 0, "?" for -1.
std::string shape_text(std::span<const int64_t> dims);

}  // namespace tenon::host
