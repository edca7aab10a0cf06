// Elements of tensors of any type, for the walk: drawing and comparing them.
#pragma once

#include <optional>
#include <string>

#include "conform/cases/draw.h"
#include "host/graph/tensor.h"

namespace tenon::cases {

/// What is drawn beside small numbers whose sums and products are exact.
enum class Edges {
  kNone,
  kEndless,  // NaN, infinities and negative zero: what becomes of them does not hang on the order of a sum
  kAll       // and large and tiny numbers
};
/// `unit`: of what floats are multiples, but for the edges.
host::Tensor draw_tensor(tn_dtype dtype, const Shape& shape, Edges edges, Draw& draw, double unit = 0.5);
/// These numbers, which the type must hold, as many as fit, and 0 behind them; of complex numbers and types below a
/// byte there are none.
host::Tensor tensor_of(tn_dtype dtype, const Shape& shape, const std::vector<int64_t>& values);
/// Why `found` is not `expected`; nothing when it is. Floats may differ by `epsilons` of their type, relative to the
/// larger one or to 1, those of 16 bits by `half_epsilons` of theirs; all else must be equal, NaN and NaN included.
std::optional<std::string> difference(const host::Tensor& expected, const host::Tensor& found, double epsilons,
                                      double half_epsilons = 0);
/// The first few, as text.
std::string elements_text(const host::Tensor& tensor);

}  // namespace tenon::cases
