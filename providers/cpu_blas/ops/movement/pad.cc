// Pad: adds elements before and after each axis, or with negative pads removes some. They are a constant, the nearest
// edge, the reflection at the edge (which is not repeated), or, from opset 19, the other side of the data. Pads are an
// attribute before opset 11 and an input from then on, for chosen axes from opset 18.
#include <algorithm>
#include <tenon/sdk/geometry/pad.hpp>

#include "common.h"

namespace tenon::cpu_blas {
namespace {

constexpr int64_t kMaxPad = int64_t{1} << 48;

enum class Mode { kConstant, kEdge, kReflect, kWrap };

/// The element of an axis of `size` > 0 that stands at position i, which may lie outside; -1: the constant.
int64_t source_of(Mode mode, int64_t i, int64_t size) {
  if (i >= 0 && i < size) return i;
  switch (mode) {
    case Mode::kEdge: return i < 0 ? 0 : size - 1;
    case Mode::kWrap: return (i % size + size) % size;
    case Mode::kReflect: {
      if (size == 1) return 0;
      const int64_t period = 2 * (size - 1), in_period = (i % period + period) % period;
      return in_period < size ? in_period : period - in_period;
    }
    default: return -1;
  }
}

/// `bytes` bytes of copies of one element.
void fill(char* to, const char* element, size_t unit, int64_t bytes) {
  const auto n = static_cast<size_t>(bytes) / unit;
  switch (unit) {
    case 1: std::memset(to, *element, n); return;
    case 4: {
      uint32_t value;
      std::memcpy(&value, element, 4);
      std::fill_n(reinterpret_cast<uint32_t*>(to), n, value);
      return;
    }
    default:
      for (size_t i = 0; i < n; ++i) std::memcpy(to + i * unit, element, unit);
  }
}

/// An axis of the input, its pad in front, and its size in the result. The last of a padding's axes has the bytes of
/// all that lies behind it, which is not padded.
struct Axis {
  int64_t size, begin, padded;
  int64_t step;  // bytes from one element to the next
};

struct Padding {
  Mode mode;
  std::vector<Axis> axes;
  const char* from;
  const char* constant;  // one element
  size_t unit;           // its bytes

  const Axis& last() const { return axes.back(); }
  int64_t row_bytes() const { return last().padded * last().step; }

  /// The input's row that row r of the result is of; null: it is all constant.
  const char* source_row(int64_t r) const {
    const char* row = from;
    for (size_t a = axes.size() - 1; a-- > 0; r /= axes[a].padded) {
      const int64_t i = source_of(mode, r % axes[a].padded - axes[a].begin, axes[a].size);
      if (i < 0) return nullptr;
      row += i * axes[a].step;
    }
    return row;
  }

  /// Places [begin, end) of a row that lie outside of the data.
  void pad(const char* row, int64_t begin, int64_t end, char* to) const {
    if (mode == Mode::kConstant) return fill(to + begin * last().step, constant, unit, (end - begin) * last().step);
    const auto bytes = static_cast<size_t>(last().step);
    for (int64_t o = begin; o < end; ++o) {
      const char* element = row + source_of(mode, o - last().begin, last().size) * last().step;
      if (bytes == 4) {
        std::memcpy(to + o * 4, element, 4);
      } else {
        std::memcpy(to + o * last().step, element, bytes);
      }
    }
  }

  void fill_row(int64_t r, char* to) const {
    const char* row = source_row(r);
    if (row == nullptr) return fill(to, constant, unit, row_bytes());
    const Axis& a = last();
    // The data's own places in the row.
    const int64_t first = std::clamp<int64_t>(a.begin, 0, a.padded);
    const int64_t end = std::clamp<int64_t>(a.begin + a.size, first, a.padded);
    pad(row, 0, first, to);
    if (end > first)
      std::memcpy(to + first * a.step, row + (first - a.begin) * a.step, static_cast<size_t>((end - first) * a.step));
    pad(row, end, a.padded, to);
  }
};

class Pad final : public sdk::Kernel {
 public:
  Pad(const sdk::KernelInfo& info, Mode mode)
      : node_(describe(info)),
        mode_(mode),
        by_input_(info.since_version() >= 11),
        pads_(info.attr_ints(info.since_version() < 2 ? "paddings" : "pads")),
        value_(info.attr_float("value")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const std::vector<sdk::AxisPad> pads, read_pads(run, x.shape().size()));
    sdk::Shape shape;
    for (size_t a = 0; a < pads.size(); ++a) {
      TN_ASSIGN_OR_RETURN(const int64_t size, sdk::padded_size(x.shape()[a], pads[a]));
      if (mode_ != Mode::kConstant && size > 0 && x.shape()[a] == 0)
        return sdk::invalid_argument(node_, ": axis ", a, " has no elements to pad with, expected at least 1");
      shape.push_back(size);
    }
    const bool given = by_input_ && run.has_input(2);
    if (given && run.input(2).count() != 1)
      return sdk::invalid_argument(node_, ": input constant_value has ", run.input(2).count(), " elements, expected 1");
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), shape));
    if (y.count() == 0) return {};
    run.count(TN_COUNT_BYTES, x.byte_length() + y.byte_length());
    Padding p;
    p.mode = mode_;
    p.from = static_cast<const char*>(x.raw());
    p.unit = element_size(x.dtype());
    // An attribute other than 0 is there for floats alone.
    char constant[16] = {};
    if (given) {
      std::memcpy(constant, run.input(2).raw(), p.unit);
    } else if (value_ != 0) {
      std::memcpy(constant, &value_, sizeof value_);
    }
    p.constant = constant;
    p.axes = axes_of(x, shape, pads, static_cast<int64_t>(p.unit));
    const int64_t bytes = p.row_bytes(), rows = static_cast<int64_t>(y.byte_length()) / bytes;
    char* to = static_cast<char*>(y.raw());
    run.parallel_for(rows, static_cast<double>(bytes) * 0.1 + 10, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) p.fill_row(r, to + r * bytes);
    });
    return {};
  }

 private:
  /// The axes up to the last one that is padded; a whole tensor that is not is a row.
  static std::vector<Axis> axes_of(const sdk::TensorView& x, const sdk::Shape& shape,
                                   const std::vector<sdk::AxisPad>& pads, int64_t unit) {
    size_t count = pads.size();
    while (count > 0 && pads[count - 1].begin == 0 && pads[count - 1].end == 0) --count;
    std::vector<Axis> axes;
    bool plain = false;  // the axis before is not padded either: the two are one
    for (size_t a = 0; a < count; ++a) {
      const int64_t step = extent(x.shape(), static_cast<int64_t>(a) + 1, x.rank()) * unit;
      const bool keeps = pads[a].begin == 0 && pads[a].end == 0;
      if (keeps && plain) {
        const int64_t size = axes.back().size * shape[a];
        axes.back() = {size, 0, size, step};
      } else {
        axes.push_back({x.shape()[a], pads[a].begin, shape[a], step});
      }
      plain = keeps;
    }
    if (count == 0) axes.push_back({1, 0, 1, x.count() * unit});
    return axes;
  }

  sdk::Result<std::vector<sdk::AxisPad>> read_pads(sdk::RunContext& run, size_t rank) const {
    sdk::Shape pads = pads_, axes;
    if (by_input_) {
      TN_ASSIGN_OR_RETURN(pads, read_list(run.input(1), "pads"));
    }
    const bool has_axes = by_input_ && run.has_input(3);
    if (has_axes) {
      TN_ASSIGN_OR_RETURN(axes, read_list(run.input(3), "axes"));
    }
    for (const int64_t p : pads)
      if (p < -kMaxPad || p > kMaxPad)
        return sdk::invalid_argument(node_, ": pads holds ", p, ", expected at most ", kMaxPad);
    return sdk::pads_by_axis(pads, has_axes ? &axes : nullptr, rank);
  }

  sdk::Result<sdk::Shape> read_list(const sdk::TensorView& t, const char* name) const {
    if (t.rank() > 1)
      return sdk::invalid_argument(node_, ": input ", name, " has shape ", sdk::shape_text(t.shape()),
                                   ", expected a 1-D tensor");
    return read_integers(node_, t);
  }

  std::string node_;
  Mode mode_;
  bool by_input_;
  sdk::Shape pads_;
  float value_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_pad(const sdk::KernelInfo& info) {
  if (info.attr_float("value") != 0 && info.input(0).info().dtype() != TN_FLOAT)
    return sdk::unsupported(describe(info), ": attribute value is not 0 for elements that are no floats");
  const std::string name = info.attr_string("mode");
  Mode mode;
  if (name == "constant") {
    mode = Mode::kConstant;
  } else if (name == "edge") {
    mode = Mode::kEdge;
  } else if (name == "reflect") {
    mode = Mode::kReflect;
  } else if (name == "wrap") {
    mode = Mode::kWrap;
  } else {
    return sdk::invalid_model("attribute mode is '", name, "', expected constant, edge, reflect or wrap");
  }
  return sdk::KernelPtr(std::make_unique<Pad>(info, mode));
}

}  // namespace tenon::cpu_blas
