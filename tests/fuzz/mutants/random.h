// A small deterministic source of choices: the same seed gives the same mutant on every machine and library. Used by
// one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

namespace tenon::mutants {

class Random {
 public:
  /// Each pair of seed and index begins a sequence of its own.
  Random(uint64_t seed, uint64_t index) : state_(seed * 0x9e3779b97f4a7c15u + index * 0xd1342543de82ef95u + 1) {
    next();
  }

  /// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
  uint64_t next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  /// Below `count`, which must not be 0.
  size_t below(size_t count) { return static_cast<size_t>(next() % count); }
  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(below(static_cast<size_t>(high - low) + 1));
  }
  bool one_in(size_t count) { return below(count) == 0; }
  template <typename T>
  const T& of(const std::vector<T>& from) {
    return from[below(from.size())];
  }
  template <typename T>
  T of(std::initializer_list<T> from) {
    return from.begin()[below(from.size())];
  }

 private:
  uint64_t state_;
};

}  // namespace tenon::mutants
