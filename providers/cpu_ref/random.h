// Random numbers for kernels, from the generator that numpy has.
#pragma once

#include <random>

namespace tenon::cpu_ref {

/// Uniform in [0, 1) with 53 random bits, as numpy draws it.
inline double next_uniform(std::mt19937& generator) {
  const uint32_t high = static_cast<uint32_t>(generator()) >> 5;
  const uint32_t low = static_cast<uint32_t>(generator()) >> 6;
  return (high * 67108864.0 + low) / 9007199254740992.0;
}

}  // namespace tenon::cpu_ref
