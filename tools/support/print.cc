#include "tools/support/print.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>
#include <vector>

#include "tools/support/elements.h"
#include "tools/support/text.h"

namespace tenon::tools {
namespace {

constexpr int64_t kTop = 5;
constexpr int64_t kFirst = 8;

bool is_complex(uint32_t dtype) {
  return dtype == TENON_DTYPE_COMPLEX64 || dtype == TENON_DTYPE_COMPLEX128;
}

// True for the scores of one item: 1 x N of floats, N above kTop.
bool is_ranking(const ResultView& tensor) {
  const std::vector<int64_t> shape = tensor.shape();
  if (shape.size() < 2 || !is_floating(tensor.dtype()) || is_complex(tensor.dtype())) return false;
  return shape[0] == 1 && shape[1] > kTop && tensor.element_count() == shape[1];
}

std::string ranking(const ResultView& tensor) {
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

std::string range(const ResultView& tensor) {
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

std::string digest(const ResultView& tensor) {
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

std::string digest(const Value& value) {
  if (value.kind() == TENON_TENSOR) return digest(value.tensor());
  if (value.kind() == TENON_MAP) {
    const ResultView keys = value.keys(), values = value.values();
    const int64_t count = keys.element_count();
    std::string text;
    for (int64_t i = 0; i < std::min(count, kFirst); ++i)
      text += (i ? ", " : "") + element_text(keys, i) + ": " + element_text(values, i);
    return count == 0 ? "empty" : count > kFirst ? text + ", ..." : text;
  }
  if (value.size() == 0) return "empty";
  std::string text;
  for (size_t i = 0; i < std::min<size_t>(value.size(), kFirst); ++i) {
    const Value element = value[i];
    if (i > 0) text += "\n  ";
    text += concat("[", i, "] ", element.text(), "  ", digest(element));
  }
  if (value.size() > kFirst) text += "\n  ...";
  return text;
}

std::string table_text(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows)
    for (size_t c = 0; c < row.size(); ++c) {
      if (c == widths.size()) widths.push_back(0);
      widths[c] = std::max(widths[c], row[c].size());
    }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (size_t c = 0; c < row.size(); ++c) line.append("  ").append(row[c]).append(widths[c] - row[c].size(), ' ');
    text.append(line, 0, line.find_last_not_of(' ') + 1).append("\n");
  }
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
