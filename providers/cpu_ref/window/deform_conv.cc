// DeformConv: Y[n, m, o] = B[m] + sum over c, k of mask[n, g, k, o] * W[m, c, k] * X[n, c] sampled at the position
// o * strides + k * dilations - pads + offset[n, g, k, :, o], linearly between the elements around it, where elements
// outside X are 0 and g is the offset group of channel c. X: N x C x D1..., W: M x C/group x k1..., offset:
// N x (offset_group * taps * axes) x o1..., mask: N x (offset_group * taps) x o1... (1 when left out), B: M (0 when
// left out). Sums are taken in double and rounded once. A position that is no number reads 0.
#include <cmath>

#include "arithmetic.h"
#include "window/convolution.h"

namespace tenon::cpu_ref {
namespace {

/// Where the elements of the other inputs lie.
struct Deformation {
  int64_t groups, taps, points;
  size_t axes;

  int64_t mask_at(int64_t n, int64_t group, int64_t tap, int64_t point) const {
    return ((n * groups + group) * taps + tap) * points + point;
  }
  int64_t offset_at(int64_t n, int64_t group, int64_t tap, size_t axis, int64_t point) const {
    return (((n * groups + group) * taps + tap) * int64_t(axes) + int64_t(axis)) * points + point;
  }
};

sdk::Status expect_shape(const sdk::TensorView& t, const sdk::Shape& expected, const char* name, const char* meaning) {
  if (to_shape(t.shape()) == expected) return {};
  return sdk::invalid_argument("input ", name, " has shape ", sdk::shape_text(t.shape()), ", expected ",
                               sdk::shape_text(expected), ": ", meaning);
}

/// A position along one axis: between element `low` and the next, by `part` of the way.
struct Between {
  int64_t low;
  double part;
};

/// The value of a plane at a position: from `axis` on linear between neighbours, before it at element `element`.
template <typename T>
double sample(const T* plane, sdk::ShapeView dims, const Between* position, size_t axis, int64_t element) {
  if (axis == dims.size()) return double(plane[element]);
  const auto [i, part] = position[axis];
  double value = 0;
  if (i >= 0) value += (1 - part) * sample(plane, dims, position, axis + 1, element * dims[axis] + i);
  if (part > 0 && i + 1 < dims[axis])
    value += part * sample(plane, dims, position, axis + 1, element * dims[axis] + i + 1);
  return value;
}

class DeformConv final : public sdk::Kernel {
 public:
  DeformConv(const sdk::KernelInfo& info, sdk::WindowAttributes attributes)
      : attributes_(std::move(attributes)),
        groups_(info.attr_int("group")),
        offset_groups_(info.attr_int("offset_group")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), w = run.input(1);
    TN_ASSIGN_OR_RETURN(const Convolution c, resolve_convolution(attributes_, groups_, x, w));
    TN_ASSIGN_OR_RETURN(const Deformation d, resolve_deformation(run, c));
    if (run.has_input(3)) TN_RETURN_IF_ERROR(expect_shape(run.input(3), {c.filters}, "B", "a value per filter"));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), c.output_shape()));
    if (y.count() == 0) return {};
    return visit_floats(x.dtype(), [&](auto tag) { return convolve_deformed<decltype(tag)>(run, c, d, y); });
  }

 private:
  sdk::Result<Deformation> resolve_deformation(sdk::RunContext& run, const Convolution& c) const {
    if (offset_groups_ < 1 || c.channels % offset_groups_ != 0)
      return sdk::invalid_argument("offset_group is ", offset_groups_, ", expected a divisor of the ", c.channels,
                                   " channels");
    const Deformation d{offset_groups_, c.window.taps(), c.window.output_size(), c.window.rank()};
    TN_ASSIGN_OR_RETURN(const int64_t masks, multiply(offset_groups_, d.taps));
    TN_ASSIGN_OR_RETURN(const int64_t offsets, multiply(masks, int64_t(d.axes)));
    sdk::Shape shape = c.output_shape();
    shape[1] = offsets;
    TN_RETURN_IF_ERROR(expect_shape(run.input(2), shape, "offset",
                                    "N x (offset_group * kernel elements * spatial axes) x output axes"));
    shape[1] = masks;
    if (run.has_input(4))
      TN_RETURN_IF_ERROR(
          expect_shape(run.input(4), shape, "mask", "N x (offset_group * kernel elements) x output axes"));
    return d;
  }

  /// For each output position, the samples of all channels and taps, then their products with every filter.
  template <typename T>
  sdk::Status convolve_deformed(sdk::RunContext& run, const Convolution& c, const Deformation& d,
                                const sdk::MutableTensorView& y) const {
    const T* w = run.input(1).data<T>();
    const T* bias = run.has_input(3) ? run.input(3).data<T>() : nullptr;
    TN_ASSIGN_OR_RETURN(const int64_t samples, multiply(c.channels, d.taps));
    TN_ASSIGN_OR_RETURN(double* const columns, run.scratch<double>(size_t(run.max_workers()) * size_t(samples)));
    const int64_t depth = c.group_channels() * d.taps, per_group = c.filters / c.groups;
    c.count(run);
    const double cost = double(samples) * double(4 + per_group);
    run.parallel_for(c.batch * d.points, cost, [&](uint32_t worker, int64_t begin, int64_t end) {
      double* column = columns + int64_t(worker) * samples;
      for (int64_t p = begin; p < end && !run.cancelled(); ++p) {
        const int64_t n = p / d.points, point = p % d.points;
        fill_column<T>(run, c, d, n, point, column);
        const auto store = [&](int64_t m, double sum) {
          y.data<T>()[(n * c.filters + m) * d.points + point] = from_double<T>(sum);
        };
        for (int64_t m = 0, count; m < c.filters; m += count) {
          count = per_group - m % per_group < kFilters ? 1 : kFilters;
          const double* of_group = column + m / per_group * depth;
          if (count == 1) multiply_filters<1>(w + m * depth, of_group, depth, bias, m, store);
          if (count > 1) multiply_filters<kFilters>(w + m * depth, of_group, depth, bias, m, store);
        }
      }
    });
    return {};
  }

  static constexpr int64_t kFilters = 8;  // at a time, so that no sum waits for another

  template <int64_t count, typename T, typename Store>
  static void multiply_filters(const T* w, const double* column, int64_t depth, const T* bias, int64_t m,
                               Store&& store) {
    double sums[count];
    for (int64_t f = 0; f < count; ++f) sums[f] = bias ? double(bias[m + f]) : 0.0;
    for (int64_t i = 0; i < depth; ++i)
      for (int64_t f = 0; f < count; ++f) sums[f] += double(w[f * depth + i]) * column[i];
    for (int64_t f = 0; f < count; ++f) store(m + f, sums[f]);
  }

  template <typename T>
  static void fill_column(sdk::RunContext& run, const Convolution& c, const Deformation& d, int64_t n, int64_t point,
                          double* column) {
    const sdk::TensorView x = run.input(0);
    const T* offset = run.input(2).data<T>();
    const T* mask = run.has_input(4) ? run.input(4).data<T>() : nullptr;
    const sdk::ShapeView dims = x.shape().subspan(2, d.axes);
    const int64_t plane = c.window.input_size(), channels = c.channels / d.groups;
    std::array<Between, kMostAxes> position;
    for (int64_t g = 0; g < d.groups; ++g)
      for (int64_t tap = 0; tap < d.taps; ++tap) {
        int64_t rest_of_point = point, rest_of_tap = tap;
        bool is_near = true;  // an element
        for (size_t a = d.axes; a-- > 0;) {
          const sdk::WindowAxis& axis = c.window.axes[a];
          const double at = double(axis.input_of(rest_of_point % axis.out, rest_of_tap % axis.kernel)) +
                            double(offset[d.offset_at(n, g, tap, a, point)]);
          const double low = std::floor(at);
          is_near = is_near && low >= -1 && low < double(dims[a]);
          if (is_near) position[a] = {int64_t(low), at - low};
          rest_of_point /= axis.out;
          rest_of_tap /= axis.kernel;
        }
        const double weight = mask ? double(mask[d.mask_at(n, g, tap, point)]) : 1.0;
        for (int64_t ch = g * channels; ch < (g + 1) * channels; ++ch)
          column[ch * d.taps + tap] =
              weight * (is_near ? sample(x.data<T>() + (n * c.channels + ch) * plane, dims, position.data(), 0, 0) : 0);
      }
  }

  static constexpr size_t kMostAxes = 64;

  sdk::WindowAttributes attributes_;
  int64_t groups_, offset_groups_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_deform_conv(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(sdk::WindowAttributes attributes, sdk::WindowAttributes::parse(info));
  return std::make_unique<DeformConv>(info, std::move(attributes));
}

}  // namespace tenon::cpu_ref
