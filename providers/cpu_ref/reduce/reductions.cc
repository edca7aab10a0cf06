// The functions of the rows in reductions.inc; see Reduce for what they are given. Integers wrap around, and what is
// computed in floating point is truncated.
#include <limits>

#include "reduce/reduce.h"

namespace tenon::cpu_ref {
namespace {

/// 0 over nothing.
constexpr auto kSum = [](auto tag, const auto& each, int64_t) {
  using T = decltype(tag);
  return from_accumulator<T>(sum_of<T>(each, [](auto v) { return v; }));
};

constexpr auto kSumOfMagnitudes = [](auto tag, const auto& each, int64_t) {
  using T = decltype(tag);
  return from_accumulator<T>(sum_of<T>(each, [](auto v) { return v < 0 ? wrapping_subtract(decltype(v)(0), v) : v; }));
};

constexpr auto kSumOfSquares = [](auto tag, const auto& each, int64_t) {
  using T = decltype(tag);
  return from_accumulator<T>(sum_of<T>(each, [](auto v) { return wrapping_multiply(v, v); }));
};

constexpr auto kRootOfSquares = [](auto tag, const auto& each, int64_t) {
  using T = decltype(tag);
  const auto squares = sum_of<double>(each, [](double v) { return v * v; });
  return from_double<T>(std::sqrt(squares));
};

/// Minus infinity over nothing, where the type has it.
constexpr auto kLogOfSum = [](auto tag, const auto& each, int64_t) {
  using T = decltype(tag);
  return from_double<T>(std::log(static_cast<double>(sum_of<T>(each, [](auto v) { return v; }))));
};

/// ln(sum of e^x), shifted by the largest x so that the powers cannot overflow; minus infinity over nothing, where the
/// type has it.
constexpr auto kLogOfPowers = [](auto tag, const auto& each, int64_t) {
  using T = decltype(tag);
  double largest = -std::numeric_limits<double>::infinity();
  each([&](auto v) { largest = nan_max(largest, static_cast<double>(v)); });
  if (std::isinf(largest)) return from_double<T>(largest);
  const double sum = sum_of<double>(each, [largest](double v) { return std::exp(v - largest); });
  return from_double<T>(largest + std::log(sum));
};

/// NaN over nothing, or 0 for integers.
constexpr auto kMean = [](auto tag, const auto& each, int64_t n) {
  using T = decltype(tag);
  const auto sum = sum_of<T>(each, [](auto v) { return v; });
  return from_accumulator<T>(total_divide(sum, static_cast<Accumulator<T>>(n)));
};

/// 1 over nothing.
constexpr auto kProduct = [](auto tag, const auto& each, int64_t) {
  using T = decltype(tag);
  Accumulator<T> product = 1;
  each([&](auto v) { product = wrapping_multiply(product, static_cast<Accumulator<T>>(v)); });
  return from_accumulator<T>(product);
};

/// NaN if any is; over nothing minus infinity, or the smallest value of types without one. Of booleans, whether any is
/// true.
constexpr auto kLargest = [](auto tag, const auto& each, int64_t) {
  using T = decltype(tag);
  using C = Compute<T>;
  using Limits = std::numeric_limits<C>;
  C result = Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
  each([&](C v) { result = nan_max(result, v); });
  return static_cast<T>(result);
};

/// NaN if any is; over nothing infinity, or the largest value of types without one. Of booleans, whether all are true.
constexpr auto kSmallest = [](auto tag, const auto& each, int64_t) {
  using T = decltype(tag);
  using C = Compute<T>;
  using Limits = std::numeric_limits<C>;
  C result = Limits::has_infinity ? Limits::infinity() : Limits::max();
  each([&](C v) { result = nan_min(result, v); });
  return static_cast<T>(result);
};

}  // namespace

#define REDUCE(op_type, since, types, function)                             \
  sdk::Result<sdk::KernelPtr> make_##op_type(const sdk::KernelInfo& info) { \
    return make_reduce<types>(info, function);                              \
  }
#include "reduce/reductions.inc"
#undef REDUCE

}  // namespace tenon::cpu_ref
