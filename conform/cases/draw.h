// Random choices of the walk over operators, the same on every machine for one seed. Not thread-safe.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <random>
#include <vector>

namespace tenon::cases {

using Shape = std::vector<int64_t>;

class Draw {
 public:
  explicit Draw(uint64_t seed) : engine_(seed) {}

  /// One of [low, high]. Without the library's distributions, which differ between implementations.
  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(engine_() % static_cast<uint64_t>(high - low + 1));
  }
  bool chance(int percent) { return between(0, 99) < percent; }
  template <typename List>
  auto pick(const List& list) {
    return *(list.begin() + between(0, static_cast<int64_t>(list.size()) - 1));
  }
  template <typename T>
  T pick(std::initializer_list<T> list) {
    return *(list.begin() + between(0, static_cast<int64_t>(list.size()) - 1));
  }

  /// The size of a dimension: small, often 1, at times 0.
  int64_t size() { return pick({0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 6, 7, 2, 3, 4, 9, 17}); }
  Shape shape(int64_t least_rank, int64_t most_rank) {
    Shape shape(static_cast<size_t>(between(least_rank, most_rank)));
    for (int64_t& d : shape) d = size();
    return shape;
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace tenon::cases
