// Resize, called Upsample before opset 10, of floats: the nearest elements, or the linear or cubic interpolation along
// each axis. Axes that change are done in pairs: where the last axis is one of them, its rows are resized once, and
// blended into rows of outputs; of channels last, and where rows become fewer, rows are blended before. Indices
// and weights are worked out once in a run. Cropping and antialiasing are cpu_ref's. Scratch: the tables, a few rows
// for each thread, and where more than two axes change what lies between.
#include "simd/resize.h"

#include <algorithm>
#include <tenon/sdk/geometry/resample.hpp>

#include "common.h"

namespace tenon::cpu_blas {
namespace {

/// The tables of one axis; an axis that stays is one tap of weight 1.
struct Table {
  int64_t inputs = 1;
  simd::AxisTable axis{1, 1, nullptr, nullptr, 1};
  bool changes = false;
};

/// The axis's samples in `taps` places: the samples that count, the last of them in equal parts, whose sum is the
/// whole. Nothing is multiplied by 0, which would make NaN of an infinite neighbour.
int place_samples(const sdk::Samples& s, int64_t inputs, int taps, int64_t step, int32_t* at, float* weights) {
  int count = 0;
  for (size_t k = 0; k < s.weights.size(); ++k) {
    if (s.weights[k] == 0) continue;
    if (count < taps) {
      at[count * step] = static_cast<int32_t>(std::clamp<int64_t>(s.first + static_cast<int64_t>(k), 0, inputs - 1));
      weights[count * step] = static_cast<float>(s.weights[k]);
    }
    ++count;
  }
  if (count == 0) at[0] = 0, weights[0] = 0, ++count;
  const int found = count;
  for (; count < taps; ++count) {
    at[count * step] = at[(count - 1) * step];
    weights[count * step] = weights[(count - 1) * step] *= 0.5f;
  }
  return found;
}

/// The outputs are each input 2 or 4 times, in turn.
int repeats_of(const Table& table) {
  const int64_t n = table.axis.outputs;
  for (const int repeats : {2, 4}) {
    if (n != table.inputs * repeats) continue;
    int64_t o = 0;
    while (o < n && table.axis.at[o] == o / repeats) ++o;
    if (o == n) return repeats;
  }
  return 1;
}

sdk::Result<Table> make_table(sdk::RunContext& run, const sdk::Resampling& node, const sdk::ResampleAxis& axis) {
  Table table;
  table.inputs = axis.input;
  const sdk::ResampleOptions options = node.options_of(axis);
  const int most = options.mode == sdk::Interpolation::kNearest  ? 1
                   : options.mode == sdk::Interpolation::kLinear ? 2
                                                                 : 4;
  const auto places = static_cast<size_t>(most) * static_cast<size_t>(axis.output);
  TN_ASSIGN_OR_RETURN(int32_t* const at, run.scratch<int32_t>(places));
  TN_ASSIGN_OR_RETURN(float* const weights, run.scratch<float>(places));
  bool stays = axis.output == axis.input;
  for (int64_t o = 0; o < axis.output; ++o) {
    if (o % 4096 == 0 && run.cancelled()) return table;
    const sdk::Samples samples = sdk::samples_of(options, axis, o);
    const int found = place_samples(samples, axis.input, most, axis.output, at + o, weights + o);
    stays = stays && found == 1 && at[o] == o && static_cast<double>(weights[o]) * (most == 1 ? 1 : 2) == 1;
  }
  table.changes = !stays;
  table.axis = {most, axis.output, at, weights, 1};
  table.axis.repeats = most == 1 ? repeats_of(table) : 1;
  return table;
}

/// From `x` (outer x first x second x inner) to `y`.
struct Pair {
  int64_t outer;
  const Table* first;  // null: one element that stays
  const Table* second;
  int64_t inner;
  const float* x;
  float* y;

  int64_t rows_in() const { return first == nullptr ? 1 : first->inputs; }
  int64_t rows_out() const { return first == nullptr ? 1 : first->axis.outputs; }
  int64_t row_in() const { return second->inputs * inner; }
  int64_t row_out() const { return second->axis.outputs * inner; }
};

/// The taps of output row o.
int taps_of(const Pair& p, int64_t o, int64_t* at, float* weights) {
  if (p.first == nullptr || !p.first->changes) {
    at[0] = p.first == nullptr ? 0 : o;
    return 1;
  }
  const simd::AxisTable& axis = p.first->axis;
  for (int t = 0; t < axis.taps; ++t) {
    at[t] = axis.at[t * axis.outputs + o];
    weights[t] = axis.weights[t * axis.outputs + o];
  }
  return axis.taps;
}

/// Output rows [begin, end) of all outer x rows_out, whose elements lie alone. `room`: kMostTaps resized rows.
void resize_first(const Pair& p, int64_t begin, int64_t end, float* room) {
  int64_t held[simd::kMostTaps];  // the input row that each resized row is of
  std::fill_n(held, simd::kMostTaps, int64_t{-1});
  for (int64_t row = begin; row < end; ++row) {
    const int64_t plane = row / p.rows_out(), o = row % p.rows_out();
    float* const y = p.y + row * p.row_out();
    int64_t at[simd::kMostTaps];
    float weights[simd::kMostTaps];
    const float* rows[simd::kMostTaps];
    const int taps = taps_of(p, o, at, weights);
    if (taps == 1) {
      const int64_t source = plane * p.rows_in() + at[0];
      // The row before may be the same one.
      if (row > begin && held[0] == source) {
        std::copy_n(y - p.row_out(), p.row_out(), y);
      } else {
        simd::resize_row(p.second->axis, p.x + source * p.row_in(), y);
      }
      held[0] = source;
      continue;
    }
    for (int t = 0; t < taps; ++t) {
      const int64_t source = plane * p.rows_in() + at[t];
      const auto slot = static_cast<size_t>(source % simd::kMostTaps);
      float* const resized = room + static_cast<int64_t>(slot) * p.row_out();
      if (p.second->changes) {
        if (held[slot] != source) simd::resize_row(p.second->axis, p.x + source * p.row_in(), resized);
        held[slot] = source;
        rows[t] = resized;
      } else {
        rows[t] = p.x + source * p.row_in();
      }
    }
    simd::blend_rows(rows, weights, taps, y, p.row_out());
  }
}

/// The same where elements are `inner` floats, or the rows become fewer. `room`: a row of inputs.
void blend_first(const Pair& p, int64_t begin, int64_t end, float* room) {
  for (int64_t row = begin; row < end; ++row) {
    const float* const plane = p.x + row / p.rows_out() * p.rows_in() * p.row_in();
    float* const y = p.y + row * p.row_out();
    int64_t at[simd::kMostTaps];
    float weights[simd::kMostTaps];
    const float* rows[simd::kMostTaps];
    const int taps = taps_of(p, row % p.rows_out(), at, weights);
    for (int t = 0; t < taps; ++t) rows[t] = plane + at[t] * p.row_in();
    if (!p.second->changes) {
      simd::blend_rows(rows, weights, taps, y, p.row_in());
      continue;
    }
    if (taps > 1) simd::blend_rows(rows, weights, taps, room, p.row_in());
    if (p.inner == 1) {
      simd::resize_row(p.second->axis, taps > 1 ? room : rows[0], y);
    } else {
      simd::resize_row_of(p.second->axis, taps > 1 ? room : rows[0], p.inner, y);
    }
  }
}

sdk::Status resize_pair(sdk::RunContext& run, const Pair& p) {
  const bool blends_first = p.inner > 1 || p.rows_out() < p.rows_in();
  const int64_t room_floats = blends_first ? p.row_in() : simd::kMostTaps * p.row_out();
  TN_ASSIGN_OR_RETURN(float* const rooms, run.scratch<float>(run.max_workers() * static_cast<size_t>(room_floats)));
  const double cost = static_cast<double>(p.row_out()) * (p.inner == 1 && p.second->axis.taps > 1 ? 1.0 : 0.3) + 20;
  run.parallel_for(p.outer * p.rows_out(), cost, [&](uint32_t worker, int64_t begin, int64_t end) {
    if (run.cancelled()) return;
    float* const room = rooms + worker * room_floats;
    blends_first ? blend_first(p, begin, end, room) : resize_first(p, begin, end, room);
  });
  return {};
}

class Resize final : public sdk::Kernel {
 public:
  Resize(std::string node, sdk::Resampling resampling) : name_(std::move(node)), node_(std::move(resampling)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const std::vector<sdk::ResampleAxis> axes, resolve(run, x.shape()));
    sdk::Shape shape;
    for (const sdk::ResampleAxis& axis : axes) shape.push_back(axis.output);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_FLOAT, shape));
    if (y.count() == 0) return {};
    std::vector<Table> tables;
    for (size_t a = 0; a < axes.size(); ++a) {
      if (axes[a].input == 0)
        return sdk::invalid_argument("axis ", a, " of X has no elements to sample, expected at least 1");
      if (axes[a].input > INT32_MAX)
        return sdk::invalid_argument("axis ", a, " of X has ", axes[a].input, " elements, expected fewer than 2^31");
      TN_ASSIGN_OR_RETURN(Table table, make_table(run, node_, axes[a]));
      if (run.cancelled()) return {};  // the table may be unfinished
      tables.push_back(table);
    }
    return resize(run, axes, tables, x.data<float>(), y.data<float>());
  }

 private:
  sdk::Result<std::vector<sdk::ResampleAxis>> resolve(sdk::RunContext& run, sdk::ShapeView x) const;
  static sdk::Status resize(sdk::RunContext& run, const std::vector<sdk::ResampleAxis>& axes,
                            const std::vector<Table>& tables, const float* x, float* y);

  std::string name_;
  sdk::Resampling node_;
};

sdk::Result<std::vector<sdk::ResampleAxis>> Resize::resolve(sdk::RunContext& run, sdk::ShapeView x) const {
  const auto has_elements = [&](uint32_t i) { return run.has_input(i) && run.input(i).count() > 0; };
  std::vector<double> scales;
  std::vector<int64_t> sizes;
  sdk::ResampleInputs in;
  const uint32_t scales_input = node_.scales_input();
  if (!node_.has_attribute_scales() && has_elements(scales_input)) {
    const sdk::TensorView t = run.input(scales_input);
    for (const float scale : t.span<float>()) scales.push_back(static_cast<double>(scale));
    in.scales = &scales;
  }
  if (node_.has_sizes_input() && has_elements(3)) {
    TN_ASSIGN_OR_RETURN(sizes, read_integers(name_, run.input(3)));
    in.sizes = &sizes;
  }
  return node_.resolve(x, in, run.has_input(scales_input) || run.has_input(3));
}

/// Axis after axis that changes, neighbours two at a time; those first that shrink most, so that no step holds more
/// than X or Y.
sdk::Status Resize::resize(sdk::RunContext& run, const std::vector<sdk::ResampleAxis>& axes,
                           const std::vector<Table>& tables, const float* x, float* y) {
  struct Group {
    size_t first, last;
    double growth;
  };
  std::vector<Group> groups;
  sdk::Shape shape;
  for (size_t a = 0; a < axes.size(); ++a) {
    shape.push_back(axes[a].input);
    if (!tables[a].changes) continue;
    const double growth = static_cast<double>(axes[a].output) / static_cast<double>(axes[a].input);
    if (!groups.empty() && groups.back().last + 1 == a && groups.back().first == groups.back().last) {
      groups.back() = {a - 1, a, groups.back().growth * growth};
    } else {
      groups.push_back({a, a, growth});
    }
  }
  const auto rank = static_cast<int64_t>(shape.size());
  if (groups.empty()) std::copy_n(x, extent(shape, 0, rank), y);
  std::stable_sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) { return a.growth < b.growth; });
  for (size_t i = 0; i < groups.size(); ++i) {
    const auto [first, last, growth] = groups[i];
    Pair p{};
    p.outer = extent(shape, 0, static_cast<int64_t>(first));
    p.first = first < last ? &tables[first] : nullptr;
    p.second = &tables[last];
    p.inner = extent(shape, static_cast<int64_t>(last) + 1, rank);
    p.x = x;
    for (size_t a = first; a <= last; ++a) shape[a] = axes[a].output;
    p.y = y;
    if (i + 1 < groups.size()) {
      TN_ASSIGN_OR_RETURN(p.y, run.scratch<float>(static_cast<size_t>(extent(shape, 0, rank))));
    }
    TN_RETURN_IF_ERROR(resize_pair(run, p));
    x = p.y;
  }
  return {};
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_resize(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(sdk::Resampling node, sdk::Resampling::parse(info, info.op_type() == "Upsample"));
  if (node.crops() || node.options.antialias)
    return sdk::unsupported(describe(info), ": ", node.crops() ? "tf_crop_and_resize" : "antialias",
                            " is asked for, which only cpu_ref computes");
  return sdk::KernelPtr(std::make_unique<Resize>(describe(info), std::move(node)));
}

}  // namespace tenon::cpu_blas
