// TopK: the K largest (or smallest) elements along `axis` and their indices, the best first; of equals the one with the
// lower index. NaN counts as larger than any number. K is an attribute before opset 10 and an input from then on.
#include <algorithm>
#include <functional>
#include <tenon/sdk/geometry/lanes.hpp>

#include "common.h"
#include "simd/pick.h"

namespace tenon::cpu_blas {
namespace {

/// A key that orders as the elements and, behind them, their indices do: the larger it is, the better.
struct Key {
  uint64_t value;
  uint32_t index;  // of the elements, all bits flipped
  bool operator>(const Key& other) const { return value != other.value ? value > other.value : index > other.index; }
};

/// Floats and their indices fit 64 bits.
struct FloatKeys {
  using Element = float;
  using Type = uint64_t;
  static uint64_t make(float x, uint32_t index, bool largest) {
    uint32_t order = 0xffffffffu;  // all NaN are the same
    if (x == x) {
      const float zero_is_positive = x + 0.0f;
      uint32_t bits;
      std::memcpy(&bits, &zero_is_positive, sizeof bits);
      order = (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
    }
    return uint64_t{largest ? order : ~order} << 32 | uint32_t{~index};
  }
  static uint32_t index_of(uint64_t key) { return ~static_cast<uint32_t>(key); }
};

template <typename T>
struct IntegerKeys {
  using Element = T;
  using Type = Key;
  static Key make(T x, uint32_t index, bool largest) {
    const uint64_t order = static_cast<uint64_t>(int64_t{x}) ^ uint64_t { 1 } << 63;
    return {largest ? order : ~order, ~index};
  }
  static uint32_t index_of(const Key& key) { return ~key.index; }
};

class TopK final : public sdk::Kernel {
 public:
  explicit TopK(const sdk::KernelInfo& info)
      : node_(describe(info)),
        axis_(info.attr_int("axis")),
        by_input_(info.since_version() >= 10),
        k_(info.attr_int("k")),
        largest_(info.attr_int("largest", 1) != 0) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const int64_t axis, normalize_axis(axis_, x.rank()));
    int64_t k = k_;
    if (by_input_) {
      TN_ASSIGN_OR_RETURN(const std::vector<int64_t> given, read_integers(node_, run.input(1)));
      if (given.size() != 1 || run.input(1).rank() > 1)
        return sdk::invalid_argument(node_, ": input K has shape ", sdk::shape_text(run.input(1).shape()),
                                     ", expected one number");
      k = given[0];
    }
    const int64_t size = x.dim(axis);
    if (k < 0 || k > size)
      return sdk::invalid_argument(node_, ": K is ", k, ", expected 0 to ", size, ", the size of axis ", axis);
    sdk::Shape shape(x.shape().begin(), x.shape().end());
    shape[static_cast<size_t>(axis)] = k;
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView values, run.output(0, x.dtype(), shape));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView indices, run.output(1, TN_INT64, shape));
    if (values.count() == 0) return {};
    if (size > INT64_C(0xffffffff))
      return sdk::unsupported(node_, ": axis ", axis, " has ", size, " elements, expected fewer than 2^32 here");
    TN_ASSIGN_OR_RETURN(const sdk::Lanes lanes, sdk::Lanes::along(x.shape(), axis));
    switch (x.dtype()) {
      case TN_INT32: return pick<IntegerKeys<int32_t>>(run, lanes, k, values, indices);
      case TN_INT64: return pick<IntegerKeys<int64_t>>(run, lanes, k, values, indices);
      default: return pick<FloatKeys>(run, lanes, k, values, indices);
    }
  }

 private:
  /// How many keys wait before all but the K best are dropped.
  static int64_t room(int64_t k, int64_t size) { return std::min(size, k * 2 + 16); }

  template <typename Keys>
  sdk::Status pick(sdk::RunContext& run, const sdk::Lanes& lanes, int64_t k, const sdk::MutableTensorView& values,
                   const sdk::MutableTensorView& indices) const {
    using T = typename Keys::Element;
    using K = typename Keys::Type;
    const auto each = static_cast<size_t>(room(k, lanes.length));
    TN_ASSIGN_OR_RETURN(K* const keys, run.scratch<K>(run.max_workers() * each));
    const T* x = run.input(0).data<T>();
    run.parallel_for(lanes.outer * lanes.inner, static_cast<double>(lanes.length) * 2 + static_cast<double>(k) * 20,
                     [&](uint32_t worker, int64_t begin, int64_t end) {
                       K* own = keys + worker * each;
                       for (int64_t i = begin; i < end; ++i) {
                         const int64_t o = i / lanes.inner, n = i % lanes.inner;
                         const T* lane = x + o * lanes.length * lanes.inner + n;
                         select<Keys>(lane, lanes.length, lanes.inner, k, own, static_cast<int64_t>(each));
                         for (int64_t j = 0; j < k; ++j) {
                           const int64_t to = (o * k + j) * lanes.inner + n, from = Keys::index_of(own[j]);
                           values.data<T>()[to] = lane[from * lanes.inner];
                           indices.data<int64_t>()[to] = from;
                         }
                       }
                     });
    return {};
  }

  /// The K best keys of a lane, sorted, at the front of `keys`.
  template <typename Keys>
  void select(const typename Keys::Element* x, int64_t length, int64_t step, int64_t k, typename Keys::Type* keys,
              int64_t capacity) const {
    using K = typename Keys::Type;
    int64_t count = 0;
    K least{};
    bool full = false;  // then only what is better than `least`, the element `bound`, has a chance
    typename Keys::Element bound{};
    for (int64_t i = 0; i < length; ++i) {
      if constexpr (std::is_same_v<typename Keys::Element, float>) {
        if (full && step == 1) i = simd::next_beyond(largest_, x, bound, i, length);
        if (i == length) break;
      }
      const typename Keys::Element v = x[i * step];
      if (full && (largest_ ? v <= bound : v >= bound)) continue;
      const K key = Keys::make(v, static_cast<uint32_t>(i), largest_);
      if (full && !(key > least)) continue;
      keys[count++] = key;
      if (count < capacity || i + 1 == length) continue;
      std::nth_element(keys, keys + k - 1, keys + count, std::greater<K>());
      least = keys[k - 1];
      bound = x[Keys::index_of(least) * step];
      count = k;
      full = true;
    }
    if (count > k) std::nth_element(keys, keys + k - 1, keys + count, std::greater<K>());
    std::sort(keys, keys + k, std::greater<K>());
  }

  std::string node_;
  int64_t axis_;
  bool by_input_;
  int64_t k_;
  bool largest_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_top_k(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<TopK>(info));
}

}  // namespace tenon::cpu_blas
