#include "tools/support/compare.h"

#include <algorithm>
#include <cmath>

#include "tools/support/elements.h"

namespace tenon::tools {
namespace {

using host::concat;
using host::Tensor;

bool close(std::complex<double> got, std::complex<double> expected, double rtol, double atol) {
  if (got == expected) return true;
  const auto is_nan = [](std::complex<double> v) { return std::isnan(v.real()) || std::isnan(v.imag()); };
  if (is_nan(got) || is_nan(expected)) return is_nan(got) && is_nan(expected);
  const double difference = std::abs(got - expected);
  return std::isfinite(difference) && difference <= atol + rtol * std::abs(expected);
}

void note_difference(Comparison& comparison, const Tensor& got, const Tensor& expected, int64_t i) {
  comparison.equal = false;
  if (comparison.differing++ == 0)
    comparison.reason = concat("element ", i, " is ", element_text(got, i), ", expected ", element_text(expected, i));
}

void compare_floating(Comparison& comparison, const Tensor& got, const Tensor& expected, const Tolerance& tolerance) {
  const double rtol = relative_tolerance(got.dtype(), tolerance);
  for (int64_t i = 0, count = expected.element_count(); i < count; ++i) {
    const auto a = floating_element(got, i);
    const auto b = floating_element(expected, i);
    const double difference = std::abs(a - b);
    if (std::isfinite(difference)) {
      comparison.worst_absolute = std::max(comparison.worst_absolute, difference);
      if (b != 0.0) comparison.worst_relative = std::max(comparison.worst_relative, difference / std::abs(b));
    }
    if (!close(a, b, rtol, tolerance.absolute)) note_difference(comparison, got, expected, i);
  }
}

}  // namespace

double relative_tolerance(tn_dtype dtype, const Tolerance& tolerance) {
  return dtype == TN_BFLOAT16 ? std::max(tolerance.relative, std::ldexp(1.0, -6)) : tolerance.relative;
}

Comparison compare(const Tensor& got, const Tensor& expected, const Tolerance& tolerance) {
  Comparison comparison;
  if (got.dtype() != expected.dtype() || got.shape() != expected.shape()) {
    comparison.equal = false;
    comparison.reason = concat("is ", describe(got), ", expected ", describe(expected));
    return comparison;
  }
  if (is_floating(expected.dtype())) {
    compare_floating(comparison, got, expected, tolerance);
  } else {
    for (int64_t i = 0, count = expected.element_count(); i < count; ++i) {
      const bool same = expected.dtype() == TN_STRING ? got.string_at(i) == expected.string_at(i)
                                                      : integer_element(got, i) == integer_element(expected, i);
      if (!same) note_difference(comparison, got, expected, i);
    }
  }
  if (comparison.differing > 1)
    comparison.reason += concat(" (", comparison.differing, " of ", expected.element_count(), " elements differ)");
  return comparison;
}

}  // namespace tenon::tools
