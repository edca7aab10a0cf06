// What ScatterElements and ScatterND do with an update: replace the element, or combine the two.
#pragma once

#include <complex>

#include "dispatch.h"
#include "movement/element_mover.h"

namespace tenon::cpu_ref {

enum class Reduction { kNone, kAdd, kMul, kMax, kMin };

inline sdk::Result<Reduction> reduction_of(const sdk::NodeView& node) {
  const std::string name = node.attr_string("reduction", "none");
  if (name == "none") return Reduction::kNone;
  if (name == "add" || name == "mul") {
    TN_RETURN_IF_ERROR(check_type(Join<NumericAndBoolTypes, ComplexTypes>{}, node.input(0), "under a reduction"));
    return name == "add" ? Reduction::kAdd : Reduction::kMul;
  }
  if (name == "max" || name == "min") {
    TN_RETURN_IF_ERROR(
        check_type(NumericAndBoolTypes{}, node.input(0), "under a reduction to the largest or smallest"));
    return name == "max" ? Reduction::kMax : Reduction::kMin;
  }
  return sdk::invalid_model("attribute reduction is '", name, "', expected none, add, mul, max or min");
}

/// The combination of two elements. Integers wrap around; of bools, add and max are or, mul and min are and; NaN wins.
template <typename T>
T combine(Reduction reduction, T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    if (reduction == Reduction::kAdd) return T(uint64_t(a) + uint64_t(b));
    if (reduction == Reduction::kMul) return T(uint64_t(a) * uint64_t(b));
    return (reduction == Reduction::kMax) == (a < b) ? b : a;
  } else {
    using C = Compute<T>;
    const C x(a), y(b);
    if (reduction == Reduction::kAdd) return T(x + y);
    if (reduction == Reduction::kMul) return T(x * y);
    if (x != x) return a;
    if (y != y) return b;
    return (reduction == Reduction::kMax) == (x < y) ? b : a;
  }
}

template <typename T, typename Combine>
void combine_slices(const sdk::MutableTensorView& y, const sdk::TensorView& updates, const sdk::Shape& positions,
                    int64_t slice, Combine&& f) {
  T* out = static_cast<T*>(y.raw());
  const T* in = static_cast<const T*>(updates.raw());
  for (size_t p = 0; p < positions.size(); ++p)
    for (int64_t i = 0; i < slice; ++i) out[positions[p] + i] = f(out[positions[p] + i], in[int64_t(p) * slice + i]);
}

/// The sum or the product: complex numbers have no order.
template <typename Real>
void combine_complex(Reduction reduction, const sdk::MutableTensorView& y, const sdk::TensorView& updates,
                     const sdk::Shape& positions, int64_t slice) {
  using C = std::complex<Real>;
  combine_slices<C>(y, updates, positions, slice,
                    [&](C a, C b) { return reduction == Reduction::kAdd ? a + b : a * b; });
}

/// Output 0 = data, then for each position p a slice of `slice` elements of the updates put, or combined, there.
inline sdk::Status scatter(sdk::RunContext& run, Reduction reduction, const sdk::TensorView& data,
                           const sdk::TensorView& updates, const sdk::Shape& positions, int64_t slice) {
  TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, movable_output(run, 0, data.dtype(), data.shape()));
  TN_RETURN_IF_ERROR(ElementMover(run, 0, y, data).copy(0, 0, data.count()));
  if (reduction == Reduction::kNone) {
    ElementMover mover(run, 0, y, updates);
    for (size_t p = 0; p < positions.size(); ++p)
      TN_RETURN_IF_ERROR(mover.copy(positions[p], int64_t(p) * slice, slice));
    return {};
  }
  if (data.dtype() == TN_COMPLEX64 || data.dtype() == TN_COMPLEX128) {
    const bool narrow = data.dtype() == TN_COMPLEX64;
    (narrow ? combine_complex<float> : combine_complex<double>)(reduction, y, updates, positions, slice);
    return {};
  }
  if (data.dtype() == TN_BOOL) {
    const bool either = reduction == Reduction::kAdd || reduction == Reduction::kMax;
    combine_slices<uint8_t>(y, updates, positions, slice, [&](uint8_t a, uint8_t b) {
      return uint8_t(either ? a != 0 || b != 0 : a != 0 && b != 0);
    });
    return {};
  }
  return visit_numeric(data.dtype(), [&](auto tag) -> sdk::Status {
    using T = decltype(tag);
    combine_slices<T>(y, updates, positions, slice, [&](T a, T b) { return combine<T>(reduction, a, b); });
    return {};
  });
}

}  // namespace tenon::cpu_ref
