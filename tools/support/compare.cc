#include "tools/support/compare.h"

#include <algorithm>
#include <cmath>

#include "tools/support/elements.h"
#include "tools/support/text.h"

namespace tenon::tools {
namespace {

bool close(std::complex<double> got, std::complex<double> expected, double rtol, double atol) {
  if (got == expected) return true;
  const auto is_nan = [](std::complex<double> v) { return std::isnan(v.real()) || std::isnan(v.imag()); };
  if (is_nan(got) || is_nan(expected)) return is_nan(got) && is_nan(expected);
  const double difference = std::abs(got - expected);
  return std::isfinite(difference) && difference <= atol + rtol * std::abs(expected);
}

void note_difference(Comparison& comparison, const ResultView& got, const ResultView& expected, int64_t i) {
  comparison.equal = false;
  if (comparison.differing++ == 0)
    comparison.reason = concat("element ", i, " is ", element_text(got, i), ", expected ", element_text(expected, i));
}

void compare_floating(Comparison& comparison, const ResultView& got, const ResultView& expected,
                      const Tolerance& tolerance) {
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

// An element type of 0, of a value without elements, is any.
bool is_of_one_type(const tenon_value_type& got, const tenon_value_type& expected) {
  if (got.kind != expected.kind) return false;
  if (got.dtype == 0 || expected.dtype == 0) return true;
  return got.dtype == expected.dtype && got.held == expected.held && got.key == expected.key;
}

}  // namespace

double relative_tolerance(uint32_t dtype, const Tolerance& tolerance) {
  return dtype == TENON_DTYPE_BFLOAT16 ? std::max(tolerance.relative, std::ldexp(1.0, -6)) : tolerance.relative;
}

Comparison compare(const ResultView& got, const ResultView& expected, const Tolerance& tolerance) {
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
      const bool same = expected.dtype() == TENON_DTYPE_STRING
                            ? string_element(got, i) == string_element(expected, i)
                            : integer_element(got, i) == integer_element(expected, i);
      if (!same) note_difference(comparison, got, expected, i);
    }
  }
  if (comparison.differing > 1)
    comparison.reason += concat(" (", comparison.differing, " of ", expected.element_count(), " elements differ)");
  return comparison;
}

Comparison compare(const Value& got, const Value& expected, const Tolerance& tolerance) {
  if (got.kind() == TENON_TENSOR && expected.kind() == TENON_TENSOR)
    return compare(got.tensor(), expected.tensor(), tolerance);
  Comparison comparison;
  const bool is_map = got.kind() == TENON_MAP;
  const bool is_alike = is_of_one_type(got.type(), expected.type()) && (is_map || got.size() == expected.size());
  if (!is_alike) {
    comparison.equal = false;
    comparison.reason = concat("is ", got.text(), ", expected ", expected.text());
    return comparison;
  }
  const auto add = [&](const Comparison& part, const std::string& where) {
    comparison.worst_absolute = std::max(comparison.worst_absolute, part.worst_absolute);
    comparison.worst_relative = std::max(comparison.worst_relative, part.worst_relative);
    comparison.differing += part.differing;
    if (comparison.equal && !part.equal) comparison.reason = concat(where, " ", part.reason);
    comparison.equal = comparison.equal && part.equal;
  };
  if (is_map) {
    add(compare(got.keys(), expected.keys(), tolerance), "its list of keys");
    add(compare(got.values(), expected.values(), tolerance), "its list of values");
    return comparison;
  }
  for (size_t i = 0; i < got.size(); ++i) add(compare(got[i], expected[i], tolerance), concat("element ", i));
  return comparison;
}

}  // namespace tenon::tools
