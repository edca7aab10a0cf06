// Elements of any tensor as numbers and as text, for comparing and printing. Thread-safe.
#pragma once

#include <complex>
#include <cstdint>
#include <string>

#include "host/graph/tensor.h"

namespace tenon::tools {

/// True for floating-point types of every width and for complex ones; false for integers, bools and strings.
bool is_floating(tn_dtype dtype);
/// Element i of a floating-point or complex tensor.
std::complex<double> floating_element(const host::Tensor& tensor, int64_t i);
/// Element i of an integer or bool tensor; the bits of a uint64 are kept as they are.
int64_t integer_element(const host::Tensor& tensor, int64_t i);
/// Element i as a person would write it: "0.25", "-3", "true", "'text'", "1+2i".
std::string element_text(const host::Tensor& tensor, int64_t i);

}  // namespace tenon::tools
