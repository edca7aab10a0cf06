#include "conform/checks/operators/value_check.h"

#include <cmath>
#include <cstring>

#include "conform/cases/elements.h"
#include "host/base/dtype.h"

namespace tenon::conform {
namespace {

using host::concat;

// Of a float: sums of some hundred terms in another order, and functions of a few units in the last place.
constexpr double kEpsilons = 256, kHalfEpsilons = 4;

template <typename T>
int64_t count_lost_nans(const host::Tensor& expected, const host::Tensor& found) {
  int64_t lost = 0;
  for (int64_t i = 0; i < expected.element_count(); ++i)
    lost +=
        std::isnan(expected.span<T>()[static_cast<size_t>(i)]) && !std::isnan(found.span<T>()[static_cast<size_t>(i)]);
  return lost;
}

// Denormals that became 0.
int64_t count_flushed(const host::Tensor& expected, const host::Tensor& found) {
  int64_t flushed = 0;
  for (int64_t i = 0; i < expected.element_count(); ++i)
    flushed += std::fpclassify(expected.span<float>()[static_cast<size_t>(i)]) == FP_SUBNORMAL &&
               found.span<float>()[static_cast<size_t>(i)] == 0;
  return flushed;
}

std::optional<Breach> wrong_output(uint32_t index, const host::Tensor& expected, const host::Tensor& found,
                                   const KernelCase& c) {
  const auto breach = [&](const char* finding, const std::string& what) {
    return Breach(finding, concat("output ", index, ": ", what, "; ", c.text()));
  };
  if (expected.dtype() != found.dtype()) return breach("wrong-type", *cases::difference(expected, found, 0));
  if (expected.shape() != found.shape()) return breach("wrong-shape", *cases::difference(expected, found, 0));
  if (c.is_random) return std::nullopt;
  if (expected.dtype() == TN_FLOAT || expected.dtype() == TN_DOUBLE) {
    const int64_t lost = expected.dtype() == TN_FLOAT ? count_lost_nans<float>(expected, found)
                                                      : count_lost_nans<double>(expected, found);
    if (lost > 0) return breach("loses-nan", concat(lost, " elements that are NaN are numbers"));
  }
  if (auto why = cases::difference(expected, found, kEpsilons, kHalfEpsilons)) return breach("wrong-values", *why);
  if (expected.dtype() == TN_FLOAT)
    if (const int64_t flushed = count_flushed(expected, found))
      return breach("flushes-denormals", concat(flushed, " denormal elements are 0"));
  return std::nullopt;
}

}  // namespace

std::optional<Breach> wrong_outputs(const KernelCase& c, const Trial& trial) {
  for (uint32_t i = 0; i < c.expected.size(); ++i) {
    if (!c.expected[i]) continue;
    const auto found = trial.run->output_tensor(i);
    if (!found) return Breach("output-missing", concat("succeeds without asking for output ", i, "; ", c.text()));
    if (auto breach = wrong_output(i, *c.expected[i], *found, c)) return breach;
  }
  return std::nullopt;
}

}  // namespace tenon::conform
