// The conversion shared by Cast and CastLike.
#pragma once

#include "convert.h"

namespace tenon::cpu_ref {

/// The attributes saturate and round_mode of the node; TN_INVALID_MODEL for a mode that is none.
sdk::Result<Fitting> fitting_of(const sdk::KernelInfo& info);

/// Output 0 = input 0 converted to `to`, element by element. Numbers convert by write_block; numbers to strings as
/// numpy prints them, booleans as "True" and "False"; strings to numbers as number_text.h reads them, to bool also from
/// "true" and "false" in any case. Output 0 may be input 0.
sdk::Status cast_elements(sdk::RunContext& run, tn_dtype to, const Fitting& fitting);

}  // namespace tenon::cpu_ref
