// Numbers as text, as Cast writes and reads them; independent of the process's locale.
#pragma once

#include <tenon/kernel_api/tensor.h>

#include <string>
#include <tenon/sdk/status.hpp>

namespace tenon::cpu_ref {

/// The fewest digits that read back as the same float (for TN_FLOAT and all narrower types) or double (TN_DOUBLE), as
/// numpy prints them: "314.25", "1.0", "1e-05"; an exponent below 1e-4 and from 1e16; "nan", "inf", "-inf".
std::string float_to_text(double value, tn_dtype dtype);

/// Plain or scientific, with or without a sign; "INF", "+INF", "-INF" and "NaN" in any case. TN_INVALID_ARGUMENT quotes
/// text that is no number. What is too large for double is infinite.
sdk::Result<double> text_to_float(std::string_view text);

/// A whole number, or a floating-point one that is truncated; negative ones wrap around. `is_unsigned` lets whole
/// numbers reach 2^64.
sdk::Result<int64_t> text_to_int(std::string_view text, bool is_unsigned);

}  // namespace tenon::cpu_ref
