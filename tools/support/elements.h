// Elements of any tensor as numbers and as text, for comparing and printing. Thread-safe.
#pragma once

#include <complex>
#include <cstdint>
#include <string>
#include <string_view>
#include <tenon/tenon.hpp>

namespace tenon::tools {

/// True for floating-point types of every width and for complex ones; false for integers, bools and strings.
bool is_floating(uint32_t dtype);
/// Element i of a floating-point or complex tensor.
std::complex<double> floating_element(const ResultView& tensor, int64_t i);
/// Element i of an integer or bool tensor; the bits of a uint64 are kept as they are.
int64_t integer_element(const ResultView& tensor, int64_t i);
/// Element i of a tensor of strings; lives as long as the tensor.
std::string_view string_element(const ResultView& tensor, int64_t i);
/// Element i as a person would write it: "0.25", "-3", "true", "'text'", "1+2i".
std::string element_text(const ResultView& tensor, int64_t i);

}  // namespace tenon::tools
