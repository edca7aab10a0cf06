// Transformed weights; see winograd_weight.h. A kernel of 3 x 3 is a polynomial of two variables; its transform is its
// values at the points of simd/winograd.h, each divided by the product of the distances to the other points.
#include "conv/channels_last/winograd_weight.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "common.h"
#include "simd/isa.h"
#include "simd/panel_gemm.h"
#include "simd/winograd.h"

namespace tenon::cpu_blas {
namespace {

constexpr int kMostWidth = 2 * simd::kMostWinogradPairs + 2;
constexpr int kMostElements = kMostWidth * kMostWidth;

/// The values of one axis: from three taps to `width` points.
struct Axis {
  int pairs, width;
  double rows[kMostWidth][3] = {};
  double difference;  // between the values at the first point and its negative, of a kernel that is x

  explicit Axis(int tile) : pairs(tile / 2), width(tile + 2) {
    const double* points = simd::kWinogradPoints[pairs - 1];
    double norm = 1;
    for (int q = 0; q < pairs; ++q) norm *= -points[q] * points[q];
    rows[0][0] = 1 / norm;
    for (int p = 0; p < pairs; ++p) {
      norm = 2 * points[p] * points[p];
      for (int q = 0; q < pairs; ++q)
        if (q != p) norm *= points[p] * points[p] - points[q] * points[q];
      for (int sign = 0; sign < 2; ++sign) {
        double* row = rows[2 * p + 1 + sign];
        row[0] = 1 / norm;
        row[1] = (sign == 0 ? points[p] : -points[p]) / norm;
        row[2] = points[p] * points[p] / norm;
      }
    }
    rows[width - 1][2] = 1;
    difference = rows[1][1] - rows[2][1];
  }

  /// to[j] of the taps x[0], x[step], x[2 step].
  void transform(const double* x, int step, double* to, int to_step) const {
    for (int j = 0; j < width; ++j)
      to[j * to_step] = rows[j][0] * x[0] + rows[j][1] * x[step] + rows[j][2] * x[2 * step];
  }
  /// The inverse.
  void invert(const double* x, int step, double* taps, int tap_step) const {
    taps[0] = x[0] / rows[0][0];
    taps[tap_step] = (x[step] - x[2 * step]) / difference;
    taps[2 * tap_step] = x[(width - 1) * step];
  }
};

/// Where the elements lie from which a kernel is read that is stored as it is, and one that says so by being NaN.
struct Plain {
  int places[9];
  int mark;

  explicit Plain(int width) : mark(2 * width + 2) {
    const int at[] = {0, 1, width - 1};
    for (int i = 0; i < 9; ++i) places[i] = at[i / 3] * width + at[i % 3];
  }
};

/// One kernel to its elements. One whose transform is not finite is stored as it is, among NaN: all that comes of it is
/// NaN then, so that the convolution is computed in another way.
void transform_kernel(const Axis& axis, const Plain& plain, const float* w, float* to) {
  double taps[9], columns[3 * kMostWidth], elements[kMostElements];
  for (int i = 0; i < 9; ++i) taps[i] = static_cast<double>(w[i]);
  for (int i = 0; i < 3; ++i) axis.transform(taps + i, 3, columns + i, 3);
  for (int j = 0; j < axis.width; ++j) axis.transform(columns + j * 3, 1, elements + j * axis.width, 1);
  bool is_finite = true;
  for (int e = 0; e < axis.width * axis.width; ++e) {
    is_finite = is_finite && std::abs(elements[e]) < static_cast<double>(std::numeric_limits<float>::max());
    to[e] = static_cast<float>(is_finite ? elements[e] : 0);
  }
  if (is_finite) return;
  std::fill_n(to, axis.width * axis.width, std::numeric_limits<float>::quiet_NaN());
  for (int i = 0; i < 9; ++i) to[plain.places[i]] = w[i];
}

void invert_kernel(const Axis& axis, const Plain& plain, const float* elements, float* w) {
  if (std::isnan(elements[plain.mark])) {
    for (int i = 0; i < 9; ++i) w[i] = elements[plain.places[i]];
    return;
  }
  double values[kMostElements], rows[3 * kMostWidth], taps[9];
  for (int e = 0; e < axis.width * axis.width; ++e) values[e] = static_cast<double>(elements[e]);
  for (int i = 0; i < axis.width; ++i) axis.invert(values + i * axis.width, 1, rows + i * 3, 1);
  for (int j = 0; j < 3; ++j) axis.invert(rows + j, 3, taps + j, 3);
  for (int i = 0; i < 9; ++i) w[i] = static_cast<float>(taps[i]);
}

/// visit(kernel, place): the number of each kernel, m * C + c, and where its first element lies in the packed weight;
/// the others follow, a matrix apart.
template <typename Visit>
void for_each_kernel(const WinogradWeight& weight, const Visit& visit) {
  const int64_t panel = simd::panel_width();
  for (int64_t first = 0; first < weight.outputs; first += panel) {
    const int64_t count = std::min(panel, weight.outputs - first);
    const int64_t stride = round_up(count, simd::vector_width());
    for (int64_t c = 0; c < weight.channels; ++c)
      for (int64_t j = 0; j < count; ++j)
        visit((first + j) * weight.channels + c, first * weight.channels + c * stride + j);
  }
}

}  // namespace

int64_t WinogradWeight::matrix_floats() const {
  return channels * round_up(outputs, simd::vector_width());
}

std::string WinogradWeight::key() const {
  return "cpu_blas.winograd/1 tile=" + std::to_string(tile) + " nr=" + std::to_string(simd::panel_width()) +
         " vector=" + std::to_string(simd::vector_width()) + " isa=" + simd::isa_name();
}

void WinogradWeight::pack(const float* w, float* packed) const {
  const Axis axis(tile);
  const Plain plain(axis.width);
  const int64_t matrix = matrix_floats();
  std::fill_n(packed, floats(), 0.0f);
  for_each_kernel(*this, [&](int64_t kernel, int64_t place) {
    float values[kMostElements];
    transform_kernel(axis, plain, w + kernel * 9, values);
    for (int64_t e = 0; e < elements(); ++e) packed[e * matrix + place] = values[e];
  });
}

void WinogradWeight::unpack(const float* packed, float* w) const {
  const Axis axis(tile);
  const Plain plain(axis.width);
  const int64_t matrix = matrix_floats();
  for_each_kernel(*this, [&](int64_t kernel, int64_t place) {
    float values[kMostElements];
    for (int64_t e = 0; e < elements(); ++e) values[e] = packed[e * matrix + place];
    invert_kernel(axis, plain, values, w + kernel * 9);
  });
}

}  // namespace tenon::cpu_blas
