// A causal convolution of one channel of one sequence, over the sequence and what came before it.
#pragma once

#include <cmath>
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"

namespace tenon::cpu_ref {

/// The attribute activation: whether y becomes y / (1 + exp(-y)).
inline sdk::Result<bool> read_is_silu(const sdk::KernelInfo& info) {
  const std::string activation = info.attr_string("activation");
  if (activation != "none" && activation != "silu" && activation != "swish")
    return sdk::invalid_model("attribute activation is '", activation, "', expected none, silu or swish");
  return activation != "none";
}

/// The attribute dilation.
inline sdk::Result<int64_t> read_dilation(const sdk::KernelInfo& info) {
  const int64_t dilation = info.attr_int("dilation");
  if (dilation < 1) return sdk::invalid_model("attribute dilation is ", dilation, ", expected at least 1");
  return dilation;
}

/// The past holds (taps - 1) * dilation elements; null: zeros. Strides are elements between neighbours in time.
template <typename T>
struct CausalLane {
  const T* x;
  int64_t length, x_stride;
  const T* past;
  int64_t past_stride, held;
  const T* taps;
  int64_t tap_count, dilation;
  double bias;
  bool is_silu;

  /// Element `at` of the past and x, one after the other.
  double element(int64_t at) const {
    if (at >= held) return double(x[(at - held) * x_stride]);
    return past == nullptr ? 0.0 : double(past[at * past_stride]);
  }
  /// With the strides of x.
  void convolve(T* y) const {
    for (int64_t t = 0; t < length; ++t) {
      double sum = bias;
      for (int64_t j = 0; j < tap_count; ++j) sum += double(taps[j]) * element(t + j * dilation);
      y[t * x_stride] = from_double<T>(is_silu ? sum / (1 + std::exp(-sum)) : sum);
    }
  }
  /// The last `held` elements, with the strides of the past.
  void store_state(T* present) const {
    for (int64_t j = 0; j < held; ++j) present[j * past_stride] = from_double<T>(element(length + j));
  }
};

}  // namespace tenon::cpu_ref
