// Random numbers for kernels, from the generator that numpy has. What draws from it holds no state between runs.
#pragma once

#include <cmath>
#include <cstring>
#include <random>
#include <tenon/sdk/kernel.hpp>

namespace tenon::cpu_ref {

/// Uniform in [0, 1) with 53 random bits, as numpy draws it.
inline double next_uniform(std::mt19937& generator) {
  const uint32_t high = static_cast<uint32_t>(generator()) >> 5;
  const uint32_t low = static_cast<uint32_t>(generator()) >> 6;
  return (high * 67108864.0 + low) / 9007199254740992.0;
}

/// Of mean 0 and deviation 1, by Box and Muller.
inline double next_normal(std::mt19937& generator) {
  constexpr double kTurn = 6.283185307179586;
  const double radius = std::sqrt(-2 * std::log(1 - next_uniform(generator)));
  return radius * std::cos(kTurn * next_uniform(generator));
}

/// The float attribute `seed`: with it every run draws the same, without one each draws anew.
class FloatSeed {
 public:
  explicit FloatSeed(const sdk::KernelInfo& info) : is_given_(info.has_float("seed")) {
    const float seed = info.attr_float("seed");
    std::memcpy(&bits_, &seed, sizeof bits_);
    if (!is_given_) info.terms().flags |= TN_KERNEL_NOT_DETERMINISTIC;
  }
  std::mt19937 generator() const { return std::mt19937(is_given_ ? bits_ : std::random_device{}()); }

 private:
  bool is_given_;
  uint32_t bits_ = 0;
};

}  // namespace tenon::cpu_ref
