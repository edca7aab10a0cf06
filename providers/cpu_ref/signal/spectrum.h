// What DFT and STFT share: complex elements as pairs of a tensor's last axis, and scalars that say lengths.
#pragma once

#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"
#include "signal/fourier.h"

namespace tenon::cpu_ref {

/// Element `i` of numbers of `parts` parts each, the real one first.
template <typename T>
Complex complex_at(const T* data, int64_t parts, int64_t i) {
  return {double(data[i * parts]), parts == 2 ? double(data[i * parts + 1]) : 0.0};
}

/// The only element of an int32 or int64 input.
inline sdk::Result<int64_t> read_length(const sdk::TensorView& t, std::string_view name) {
  if (t.count() != 1)
    return sdk::invalid_argument("input ", name, " has shape ", sdk::shape_text(t.shape()), ", expected one number");
  return t.dtype() == TN_INT32 ? int64_t{*t.data<int32_t>()} : *t.data<int64_t>();
}

}  // namespace tenon::cpu_ref
