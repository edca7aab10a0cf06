// Pad: adds elements before and after each axis, or with negative pads removes some. They are a constant, the nearest
// edge, the reflection at the edge (which is not repeated), or, from opset 19, the other side of the data. Pads are an
// attribute before opset 11 and an input from then on, for chosen axes from opset 18. The Pad of com.microsoft is that
// of opset 11, whose pads may also be 1 x 2 rank.
#include <algorithm>
#include <tenon/sdk/geometry/pad.hpp>
#include <tenon/sdk/kernel.hpp>

#include "dispatch.h"
#include "held_tensor.h"
#include "movement/element_mover.h"

namespace tenon::cpu_ref {
namespace {

constexpr int64_t kMaxPad = int64_t(1) << 48;

enum class PadMode { kConstant, kEdge, kReflect, kWrap };

/// The element of an axis of `size` > 0 that stands at position i, which may lie outside; -1: the constant.
int64_t source_of(PadMode mode, int64_t i, int64_t size) {
  if (i >= 0 && i < size) return i;
  switch (mode) {
    case PadMode::kEdge: return i < 0 ? 0 : size - 1;
    case PadMode::kWrap: return (i % size + size) % size;
    case PadMode::kReflect: {
      if (size == 1) return 0;
      const int64_t period = 2 * (size - 1), in_period = (i % period + period) % period;
      return in_period < size ? in_period : period - in_period;
    }
    default: return -1;
  }
}

class Pad final : public sdk::Kernel {
 public:
  Pad(const sdk::KernelInfo& info, PadMode mode)
      : mode_(mode),
        is_contrib_(!info.domain().empty()),
        from_attributes_(!is_contrib_ && info.since_version() < 11),
        pads_(info.attr_ints(info.since_version() < 2 ? "paddings" : "pads")),
        value_(info.attr_float("value")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const std::vector<sdk::AxisPad> pads, pads_of(run, x.shape().size()));
    sdk::Shape shape;
    for (size_t a = 0; a < pads.size(); ++a) {
      TN_ASSIGN_OR_RETURN(const int64_t size, sdk::padded_size(x.shape()[a], pads[a]));
      if (mode_ != PadMode::kConstant && size > 0 && x.shape()[a] == 0)
        return sdk::invalid_argument("axis ", a, " has no elements to pad with, expected at least 1");
      shape.push_back(size);
    }
    const bool given = !from_attributes_ && run.has_input(2);
    if (given && run.input(2).count() != 1)
      return sdk::invalid_argument("input constant_value has ", run.input(2).count(), " elements, expected 1");
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, movable_output(run, 0, x.dtype(), shape));
    if (y.count() == 0) return {};
    const std::unique_ptr<HeldTensor> own_constant = constant(x.dtype());
    ElementMover data(run, 0, y, x);
    ElementMover fill(run, 0, y, given ? run.input(2) : own_constant->view());
    return copy(x.shape(), shape, pads, data, fill);
  }

 private:
  std::unique_ptr<HeldTensor> constant(tn_dtype dtype) const {
    std::unique_ptr<HeldTensor> held;
    if (value_ == 0) return HeldTensor::zero(dtype);
    // A value other than 0 is an attribute, which only the floating-point forms have.
    (void)visit_floats(dtype, [&](auto tag) -> sdk::Status {
      const decltype(tag) v(value_);
      held = std::make_unique<HeldTensor>(dtype, sdk::Shape{}, &v, sizeof v);
      return {};
    });
    return held ? std::move(held) : HeldTensor::zero(dtype);
  }

  sdk::Result<std::vector<sdk::AxisPad>> pads_of(sdk::RunContext& run, size_t rank) const {
    sdk::Shape pads = pads_, axes;
    if (!from_attributes_) {
      const sdk::TensorView given = run.input(1);
      if (is_contrib_ && given.rank() == 2 && given.dim(0) == 1) {
        pads.assign(given.data<int64_t>(), given.data<int64_t>() + given.count());
      } else {
        TN_ASSIGN_OR_RETURN(pads, read_ints(given, "pads"));
      }
    }
    const bool has_axes = run.has_input(3);
    if (has_axes) {
      TN_ASSIGN_OR_RETURN(axes, read_ints(run.input(3), "axes"));
    }
    for (const int64_t p : pads)
      if (p < -kMaxPad || p > kMaxPad) return sdk::invalid_argument("pads holds ", p, ", expected at most ", kMaxPad);
    return sdk::pads_by_axis(pads, has_axes ? &axes : nullptr, rank);
  }

  sdk::Status copy(sdk::ShapeView from, const sdk::Shape& to, const std::vector<sdk::AxisPad>& pads, ElementMover& data,
                   ElementMover& fill) const {
    if (to.empty()) return data.copy(0, 0, 1);
    const size_t last = to.size() - 1;
    const sdk::Shape strides = row_major_strides(from);
    const int64_t rows = sdk::element_count(to) / to[last];
    for (int64_t row = 0; row < rows; ++row) {
      int64_t rest = row, source_row = 0;
      for (size_t a = last; source_row >= 0 && a-- > 0; rest /= to[a]) {
        const int64_t i = source_of(mode_, rest % to[a] - pads[a].begin, from[a]);
        source_row = i < 0 ? -1 : source_row + i * strides[a];
      }
      for (int64_t o = 0; o < to[last];) {
        const int64_t i = source_row < 0 ? -1 : source_of(mode_, o - pads[last].begin, from[last]);
        int64_t count = 1;
        if (i < 0) {
          const bool before_data = source_row >= 0 && o < pads[last].begin;
          count = before_data ? std::min(pads[last].begin, to[last]) - o : to[last] - o;
          TN_RETURN_IF_ERROR(fill.copy(row * to[last] + o, 1, 0, 0, count));
        } else {
          if (o >= pads[last].begin && o - pads[last].begin < from[last])
            count = std::min(from[last] - i, to[last] - o);
          TN_RETURN_IF_ERROR(data.copy(row * to[last] + o, source_row + i, count));
        }
        o += count;
      }
    }
    return {};
  }

  PadMode mode_;
  bool is_contrib_, from_attributes_;
  sdk::Shape pads_;
  float value_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_pad(const sdk::KernelInfo& info) {
  const std::string mode = info.attr_string("mode");
  if (mode == "constant") return std::make_unique<Pad>(info, PadMode::kConstant);
  if (mode == "edge") return std::make_unique<Pad>(info, PadMode::kEdge);
  if (mode == "reflect") return std::make_unique<Pad>(info, PadMode::kReflect);
  if (mode == "wrap") return std::make_unique<Pad>(info, PadMode::kWrap);
  return sdk::invalid_model("attribute mode is '", mode, "', expected constant, edge, reflect or wrap");
}

}  // namespace tenon::cpu_ref
