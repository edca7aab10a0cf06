#include "host/runtime/size_forecast.h"

#include <algorithm>
#include <cmath>

namespace tenon::host {
namespace {

constexpr size_t kMostPoints = 3;
constexpr double kMostExact = 9007199254740992;  // 2^53: integers up to here are exact as doubles

// Runs on one line with the shapes asked for; `at` says where on it, by the dimension that tells them apart.
struct Line {
  std::vector<const MeasuredRun*> runs;
  std::vector<double> at;
  double asked = 0;
};

// Whether b lies on the line through a and s, of which dimension p differs; of sums and products of dimensions none
// passes 128 bits.
bool is_on_line(const ShapeSignature& a, const ShapeSignature& s, const ShapeSignature& b, size_t p) {
  for (size_t q = 0; q < s.size(); ++q)
    if (static_cast<__int128>(b[q] - a[q]) * (s[p] - a[p]) != static_cast<__int128>(b[p] - a[p]) * (s[q] - a[q]))
      return false;
  return true;
}

Line find_line(const ShapeSignature& s, std::span<const MeasuredRun> runs, const MeasuredRun& first) {
  const ShapeSignature& a = *first.shapes;
  const size_t p = static_cast<size_t>(std::mismatch(a.begin(), a.end(), s.begin()).first - a.begin());
  Line line{{&first}, {static_cast<double>(a[p])}, static_cast<double>(s[p])};
  for (const MeasuredRun& run : runs) {
    const ShapeSignature& b = *run.shapes;
    if (b.size() != s.size() || !is_on_line(a, s, b, p)) continue;
    const auto at = static_cast<double>(b[p]);
    if (std::find(line.at.begin(), line.at.end(), at) != line.at.end()) continue;
    line.runs.push_back(&run);
    line.at.push_back(at);
    if (line.runs.size() == kMostPoints) break;
  }
  return line;
}

// Lagrange's weights of the points for the place that is asked for.
std::vector<double> weights_of(const Line& line) {
  std::vector<double> weights;
  for (size_t i = 0; i < line.at.size(); ++i) {
    double weight = 1;
    for (size_t j = 0; j < line.at.size(); ++j)
      if (j != i) weight *= (line.asked - line.at[j]) / (line.at[i] - line.at[j]);
    weights.push_back(weight);
  }
  return weights;
}

}  // namespace

std::optional<std::vector<uint64_t>> forecast_sizes(const ShapeSignature& shapes, std::span<const MeasuredRun> runs) {
  for (const MeasuredRun& first : runs) {
    if (first.shapes->size() != shapes.size() || *first.shapes == shapes) continue;
    const Line line = find_line(shapes, runs, first);
    if (line.runs.size() < 2) continue;
    const std::vector<double> weights = weights_of(line);
    std::vector<uint64_t> sizes(first.plan->places.size(), 0);
    for (size_t slot = 0; slot < sizes.size(); ++slot) {
      double size = 0;
      for (size_t i = 0; i < weights.size(); ++i)
        size += weights[i] * static_cast<double>(line.runs[i]->plan->places[slot].bytes);
      size = std::round(size);
      if (size > 0 && size < kMostExact) sizes[slot] = static_cast<uint64_t>(size);
    }
    return sizes;
  }
  return std::nullopt;
}

}  // namespace tenon::host
