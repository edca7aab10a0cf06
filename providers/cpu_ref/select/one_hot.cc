// OneHot: a new axis of size `depth` in which the position named by the index holds values[1] and all others values[0].
// Indices and depth are rounded toward zero; from opset 11 negative indices count from the end. An index out of range
// selects no position.
#include <tenon/sdk/kernel.hpp>

#include "dispatch.h"
#include "movement/element_mover.h"

namespace tenon::cpu_ref {
namespace {

/// The elements as int64; those too large for it, and NaN, become `outside`.
sdk::Result<sdk::Shape> as_ints(const sdk::TensorView& t, int64_t outside) {
  sdk::Shape out;
  TN_RETURN_IF_ERROR(visit_numeric(t.dtype(), [&](auto tag) -> sdk::Status {
    using T = decltype(tag);
    for (const T& v : t.span<T>()) {
      if constexpr (std::is_integral_v<T>) {
        out.push_back(uint64_t(v) > uint64_t(INT64_MAX) && v > T(0) ? outside : int64_t(v));
      } else {
        out.push_back(double(v) > -9e18 && double(v) < 9e18 ? int64_t(double(v)) : outside);
      }
    }
    return {};
  }));
  return out;
}

class OneHot final : public sdk::Kernel {
 public:
  explicit OneHot(const sdk::KernelInfo& info) : axis_(info.attr_int("axis")), wraps_(info.since_version() >= 11) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView indices = run.input(0), values = run.input(2);
    if (run.input(1).count() != 1 || values.rank() != 1 || values.count() != 2)
      return sdk::invalid_argument("inputs depth and values have shapes ", sdk::shape_text(run.input(1).shape()),
                                   " and ", sdk::shape_text(values.shape()), ", expected one element and 2");
    TN_ASSIGN_OR_RETURN(const sdk::Shape depths, as_ints(run.input(1), -1));
    const int64_t depth = depths[0];
    if (depth < 0) return sdk::invalid_argument("input depth is out of range, expected 0 or more");
    TN_ASSIGN_OR_RETURN(const int64_t axis, normalize_axis(axis_, indices.rank() + 1));
    sdk::Shape shape = to_shape(indices.shape());
    shape.insert(shape.begin() + axis, depth);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, movable_output(run, 0, values.dtype(), shape));
    if (y.count() == 0) return {};
    ElementMover mover(run, 0, y, values);
    TN_RETURN_IF_ERROR(mover.copy(0, 1, 0, 0, y.count()));
    TN_ASSIGN_OR_RETURN(const sdk::Shape positions, as_ints(indices, depth));
    const int64_t inner = row_major_strides(shape)[size_t(axis)];
    for (size_t i = 0; i < positions.size(); ++i) {
      const int64_t p = wraps_ && positions[i] < 0 ? positions[i] + depth : positions[i];
      const int64_t outer = int64_t(i) / inner, offset = int64_t(i) % inner;
      if (p >= 0 && p < depth) TN_RETURN_IF_ERROR(mover.copy((outer * depth + p) * inner + offset, 1, 1));
    }
    return {};
  }

 private:
  int64_t axis_;
  bool wraps_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_one_hot(const sdk::KernelInfo& info) {
  return std::make_unique<OneHot>(info);
}

}  // namespace tenon::cpu_ref
