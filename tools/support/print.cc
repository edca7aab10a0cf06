#include "tools/support/print.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>
#include <vector>

#include "tools/support/elements.h"

namespace tenon::tools {
namespace {

using host::RunValue;
using host::Tensor;

constexpr int64_t kTop = 5;
constexpr int64_t kFirst = 8;

bool is_complex(tn_dtype dtype) {
  return dtype == TN_COMPLEX64 || dtype == TN_COMPLEX128;
}

// True for the scores of one item: 1 x N of floats, N above kTop.
bool is_ranking(const Tensor& tensor) {
  const auto& shape = tensor.shape();
  if (shape.size() < 2 || !is_floating(tensor.dtype()) || is_complex(tensor.dtype())) return false;
  return shape[0] == 1 && shape[1] > kTop && tensor.element_count() == shape[1];
}

std::string ranking(const Tensor& tensor) {
  std::vector<double> values(static_cast<size_t>(tensor.element_count()));
  for (size_t i = 0; i < values.size(); ++i) values[i] = floating_element(tensor, static_cast<int64_t>(i)).real();
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const auto rank = [&](size_t i) {
    return std::isnan(values[i]) ? -std::numeric_limits<double>::infinity() : values[i];
  };
  std::partial_sort(order.begin(), order.begin() + kTop, order.end(),
                    [&](size_t a, size_t b) { return rank(a) != rank(b) ? rank(a) > rank(b) : a < b; });
  std::string text = "top 5:";
  for (size_t i = 0; i < kTop; ++i)
    text += "  [" + std::to_string(order[i]) + "] " + element_text(tensor, static_cast<int64_t>(order[i]));
  return text;
}

std::string range(const Tensor& tensor) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  int64_t not_finite = 0;
  for (int64_t i = 0, count = tensor.element_count(); i < count; ++i) {
    const double value = floating_element(tensor, i).real();
    if (!std::isfinite(value)) {
      ++not_finite;
      continue;
    }
    low = std::min(low, value);
    high = std::max(high, value);
  }
  char text[120];
  std::snprintf(text, sizeof text, "  (from %.6g to %.6g", low, high);
  std::string result = low <= high ? text : "  (nothing finite";
  if (not_finite > 0 && low <= high) result += ", " + std::to_string(not_finite) + " not finite";
  return result + ")";
}

}  // namespace

std::string digest(const Tensor& tensor) {
  const int64_t count = tensor.element_count();
  if (count == 0) return "empty";
  if (is_ranking(tensor)) return ranking(tensor);
  std::string text;
  for (int64_t i = 0; i < std::min(count, kFirst); ++i) text += (i ? ", " : "") + element_text(tensor, i);
  if (count > kFirst) {
    text += ", ...";
    if (is_floating(tensor.dtype()) && !is_complex(tensor.dtype())) text += range(tensor);
  }
  return text;
}

std::string digest(const RunValue& value) {
  if (value.is_tensor()) return digest(value.tensor());
  if (value.kind() == host::ValueType::Kind::kMap) {
    const int64_t count = value.keys().element_count();
    std::string text;
    for (int64_t i = 0; i < std::min(count, kFirst); ++i)
      text += (i ? ", " : "") + element_text(value.keys(), i) + ": " + element_text(value.values(), i);
    return count == 0 ? "empty" : count > kFirst ? text + ", ..." : text;
  }
  if (value.elements().empty()) return "empty";
  std::string text;
  for (size_t i = 0; i < std::min<size_t>(value.elements().size(), kFirst); ++i) {
    const RunValue& element = value.elements()[i];
    if (i > 0) text += "\n  ";
    text += host::concat("[", i, "] ", describe(element), "  ", digest(element));
  }
  if (value.elements().size() > kFirst) text += "\n  ...";
  return text;
}

std::string byte_text(uint64_t bytes) {
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  char text[40];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
  return text;
}

}  // namespace tenon::tools
