// Tensors of bytes that stand for real numbers: real = scale (byte - zero). Of the QLinear operators outside the
// specification, whose scales and zero points are one for a whole tensor.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"

namespace tenon::cpu_ref {

using ByteTypes = TypeList<int8_t, uint8_t>;

struct Quantization {
  double scale = 1, zero = 0;
};

/// From the inputs of these numbers; a zero point that is left out is 0. `name`: of the tensor, "x" of x_scale.
inline sdk::Result<Quantization> quantization_of(const sdk::RunContext& run, uint32_t scale, uint32_t zero,
                                                 std::string_view name) {
  Quantization q;
  const sdk::TensorView scales = run.input(scale);
  if (scales.dtype() != TN_FLOAT || scales.count() != 1)
    return sdk::invalid_argument("the scale of ", name, " is ", sdk::dtype_name(scales.dtype()), " ",
                                 sdk::shape_text(scales.shape()), ", expected one float");
  q.scale = double(*scales.data<float>());
  if (!run.has_input(zero)) return q;
  const sdk::TensorView zeros = run.input(zero);
  if (zeros.count() != 1)
    return sdk::invalid_argument("the zero point of ", name, " has shape ", sdk::shape_text(zeros.shape()),
                                 ", expected one number");
  TN_RETURN_IF_ERROR(visit_list(ByteTypes{}, zeros.dtype(), [&](auto tag) -> sdk::Status {
    q.zero = double(*zeros.data<decltype(tag)>());
    return {};
  }));
  return q;
}

/// The nearest byte, halves to even; what lies beyond the type's range is its end, NaN the least.
template <typename T>
T quantized(double real, const Quantization& q) {
  const double value = round_half_even(real / q.scale) + q.zero;
  return value != value ? std::numeric_limits<T>::min() : truncate_to<T>(value);
}

/// The same of many at once, in loops over vectors; overwrites `reals`.
template <typename T>
void quantize_all(double* reals, int64_t count, const Quantization& q, T* out) {
  constexpr double kLeast = std::numeric_limits<T>::min(), kMost = std::numeric_limits<T>::max();
  for (int64_t i = 0; i < count; ++i) reals[i] = round_half_even(reals[i] / q.scale) + q.zero;
  for (int64_t i = 0; i < count; ++i) reals[i] = reals[i] > kLeast ? reals[i] : kLeast;
  for (int64_t i = 0; i < count; ++i) reals[i] = reals[i] < kMost ? reals[i] : kMost;
  for (int64_t i = 0; i < count; ++i) out[i] = static_cast<T>(static_cast<int32_t>(reals[i]));
}

/// out[i] = the byte of real(i), for i < count.
template <typename T, typename Real>
void quantize_each(int64_t count, const Quantization& q, T* out, Real&& real) {
  constexpr int64_t kBlock = 256;
  double reals[kBlock];
  for (int64_t begin = 0; begin < count; begin += kBlock) {
    const int64_t n = std::min(kBlock, count - begin);
    for (int64_t i = 0; i < n; ++i) reals[i] = real(begin + i);
    quantize_all(reals, n, q, out + begin);
  }
}

/// What each byte stands for, by its bits.
template <typename T>
std::array<double, 256> real_numbers(const Quantization& q) {
  std::array<double, 256> numbers;
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = q.scale * (double(T(i)) - q.zero);
  return numbers;
}

}  // namespace tenon::cpu_ref
