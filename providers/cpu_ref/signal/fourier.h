// The discrete Fourier transform of a line of any length N, by its prime factors: N times their sum. Immutable once
// made; thread-safe with memory of its own for each thread.
#pragma once

#include <complex>
#include <cstdint>
#include <tenon/sdk/kernel.hpp>
#include <vector>

namespace tenon::cpu_ref {

using Complex = std::complex<double>;

class Fourier {
 public:
  /// TN_INVALID_ARGUMENT for a length below 1 or beyond what can be held.
  static sdk::Result<Fourier> create(int64_t length, bool is_inverse);

  int64_t length() const { return static_cast<int64_t>(roots_.size()); }
  /// Complex numbers of memory that transform() works with.
  int64_t room() const { return largest_; }
  /// out[k] = sum over n of in[n] e^(-2 pi i k n / N), or of the inverse e^(2 pi i k n / N) / N. `out` is not `in`.
  void transform(const Complex* in, Complex* out, Complex* memory) const;

 private:
  void step(const Complex* in, int64_t stride, Complex* out, int64_t count, size_t factor, Complex* memory) const;

  std::vector<Complex> roots_;  // e^(-+2 pi i k / N)
  std::vector<int64_t> factors_;
  int64_t largest_ = 1;
  bool is_inverse_ = false;
};

}  // namespace tenon::cpu_ref
