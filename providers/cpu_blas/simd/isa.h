// The instruction set that the functions of simd/ run on: the best that the CPU has, unless the provider's option `isa`
// names another. It is one for the process. A provider instance holds it for as long as it lives. Thread-safe.
#pragma once

#include <memory>
#include <tenon/sdk/status.hpp>

namespace tenon::cpu_blas::simd {

/// "avx512", "avx2", "sse4", "ssse3", "neon" ...: what is in use. Part of the key of everything that is packed.
const char* isa_name();

/// Keeps the instruction set in use as it is.
using IsaHold = std::shared_ptr<const void>;

/// Holds the instruction set `name`, the CPU's best if empty. TN_INVALID_ARGUMENT when this CPU or build lacks it, or
/// when another holder has another one in use.
sdk::Result<IsaHold> hold_isa(std::string_view name);

}  // namespace tenon::cpu_blas::simd
