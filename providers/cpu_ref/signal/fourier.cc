#include "signal/fourier.h"

#include <algorithm>
#include <cmath>

namespace tenon::cpu_ref {
namespace {

constexpr int64_t kMostLength = int64_t{1} << 32;
constexpr double kTurn = 6.283185307179586476925286766559;

}  // namespace

sdk::Result<Fourier> Fourier::create(int64_t length, bool is_inverse) {
  if (length < 1 || length > kMostLength)
    return sdk::invalid_argument("the length of the transform is ", length, ", expected 1 to ", kMostLength);
  Fourier f;
  f.is_inverse_ = is_inverse;
  f.roots_.resize(static_cast<size_t>(length));
  for (int64_t k = 0; k < length; ++k)
    f.roots_[static_cast<size_t>(k)] = std::polar(1.0, (is_inverse ? kTurn : -kTurn) * double(k) / double(length));
  int64_t rest = length;
  for (int64_t p = 2; p * p <= rest; ++p)
    for (; rest % p == 0; rest /= p) f.factors_.push_back(p);
  if (rest > 1) f.factors_.push_back(rest);
  for (const int64_t p : f.factors_) f.largest_ = std::max(f.largest_, p);
  return f;
}

void Fourier::transform(const Complex* in, Complex* out, Complex* memory) const {
  step(in, 1, out, length(), 0, memory);
  if (is_inverse_) std::for_each(out, out + length(), [&](Complex& value) { value /= double(length()); });
}

// Every p-th element makes a line of its own, of which p are then joined.
void Fourier::step(const Complex* in, int64_t stride, Complex* out, int64_t count, size_t factor,
                   Complex* memory) const {
  if (count == 1) {
    *out = *in;
    return;
  }
  const int64_t p = factors_[factor], part = count / p;
  for (int64_t q = 0; q < p; ++q) step(in + q * stride, stride * p, out + q * part, part, factor + 1, memory);
  const int64_t N = length();
  for (int64_t k = 0; k < part; ++k) {
    for (int64_t q = 0; q < p; ++q) memory[q] = out[q * part + k] * roots_[static_cast<size_t>(q * k * stride % N)];
    for (int64_t r = 0; r < p; ++r) {
      Complex sum = memory[0];
      for (int64_t q = 1; q < p; ++q) sum += memory[q] * roots_[static_cast<size_t>(q * r % p * (N / p))];
      out[r * part + k] = sum;
    }
  }
}

}  // namespace tenon::cpu_ref
