// ConvTranspose: the gradient of Conv: every X[n, c, i] adds X[n, c, i] * W[c, m, k] to Y[n, g * M/group + m, i *
// strides + k * dilations - pads], which starts as B. X: N x C x D1..., W: C x M/group x k1..., B: M (0 when left out).
// The output's size follows from the pads, or, where output_shape or SAME_UPPER and SAME_LOWER give the size, the pads
// from it. ConvTransposeWithDynamicPads has the pads as input 2 and B as input 3. Sums are taken in double. Scratch:
// for each thread the sums of a few planes of Y.
#include <algorithm>

#include "dispatch.h"
#include "window/window.h"

namespace tenon::cpu_ref {
namespace {

class ConvTranspose final : public sdk::Kernel {
 public:
  ConvTranspose(sdk::TransposedAttributes attributes, int64_t groups, bool pads_given)
      : attributes_(std::move(attributes)), groups_(groups), pads_given_(pads_given), bias_(pads_given ? 3 : 2) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), w = run.input(1);
    TN_RETURN_IF_ERROR(check_inputs(run, x, w));
    const size_t spatial = x.shape().size() - 2;
    TN_ASSIGN_OR_RETURN(const int64_t filters, multiply(w.dim(1), groups_));
    if (run.has_input(bias_) && (run.input(bias_).rank() != 1 || run.input(bias_).dim(0) != filters))
      return sdk::invalid_argument("input B has shape ", sdk::shape_text(run.input(bias_).shape()), ", expected ",
                                   filters, ", a value per filter");
    TN_ASSIGN_OR_RETURN(const sdk::TransposedAttributes attributes, attributes_with_pads(run));
    TN_ASSIGN_OR_RETURN(const auto axes,
                        attributes.resolve(x.shape().subspan(2, spatial), w.shape().subspan(2, spatial)));
    // Of the convolution that this is the gradient of: its output is our input, and the reverse.
    const Window window{axes};
    sdk::Shape shape{x.dim(0), filters};
    for (const sdk::WindowAxis& axis : axes) shape.push_back(axis.in);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), shape));
    if (y.count() == 0) return {};
    return visit_floats(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      const T* bias = run.has_input(bias_) ? run.input(bias_).data<T>() : nullptr;
      return spread(run, window, x.dim(0), x.dim(1), filters, x.data<T>(), w.data<T>(), bias, y.data<T>());
    });
  }

 private:
  sdk::Result<sdk::TransposedAttributes> attributes_with_pads(sdk::RunContext& run) const {
    sdk::TransposedAttributes with_pads = attributes_;
    if (pads_given_ && run.has_input(2)) {
      TN_ASSIGN_OR_RETURN(with_pads.window.pads, read_ints(run.input(2), "Pads"));
      TN_RETURN_IF_ERROR(sdk::WindowAttributes::check_range("Pads", with_pads.window.pads, 0));
    }
    return with_pads;
  }

  sdk::Status check_inputs(sdk::RunContext&, const sdk::TensorView& x, const sdk::TensorView& w) const {
    if (x.rank() < 2)
      return sdk::invalid_argument("input X has shape ", sdk::shape_text(x.shape()), ", expected N x C x spatial axes");
    if (w.rank() != x.rank() || w.dim(0) != x.dim(1))
      return sdk::invalid_argument("input W has shape ", sdk::shape_text(w.shape()), ", expected rank ", x.rank(),
                                   " and first dimension ", x.dim(1),
                                   " as the channels of X: C x M/group x kernel axes");
    if (groups_ < 1 || x.dim(1) % groups_ != 0)
      return sdk::invalid_argument("group is ", groups_, ", expected a divisor of the ", x.dim(1), " channels");
    return {};
  }

  // Filters whose planes are summed at a time, so that each element of X is loaded for all of them.
  static constexpr int64_t kFiltersAtATime = 4;

  /// The sums of a plane of Y, in which the elements of a row that are a stride apart lie side by side, since those are
  /// what neighbours in X add to.
  struct SumLayout {
    int64_t width, stride, part;  // a row of Y, and how many elements of it have one remainder by the stride

    explicit SumLayout(const sdk::WindowAxis& axis)
        : width(axis.in), stride(std::min(axis.stride, axis.in)), part((axis.in + stride - 1) / stride) {}
    int64_t row_size() const { return stride * part; }
    int64_t place_of(int64_t i) const {
      const int64_t row = i / width, column = i % width;
      return row * row_size() + column % stride * part + column / stride;
    }
  };

  /// Adds what filters m to m + count - 1 make of the channels of their group to `count` planes of sums.
  template <int64_t count, typename T>
  static void add_filters(const Window& window, const SumLayout& layout, int64_t depth, int64_t per_group, const T* in,
                          const T* w, double* sums, int64_t plane_size) {
    const int64_t in_plane = window.output_size(), taps = window.taps();
    for (int64_t c = 0; c < depth; ++c, in += in_plane, w += per_group * taps)
      for_each_tap_row(window, [&](int64_t tap, int64_t from, int64_t n, int64_t to, int64_t) {
        double weights[count];
        for (int64_t f = 0; f < count; ++f) weights[f] = double(w[f * taps + tap]);
        double* const row = sums + layout.place_of(to);
        for (int64_t i = 0; i < n; ++i) {
          const auto value = double(in[from + i]);
          for (int64_t f = 0; f < count; ++f) row[f * plane_size + i] += weights[f] * value;
        }
      });
  }

  template <typename T>
  sdk::Status spread(sdk::RunContext& run, const Window& window, int64_t batch, int64_t channels, int64_t filters,
                     const T* x, const T* w, const T* bias, T* y) const {
    const int64_t plane = window.input_size(), in_plane = window.output_size(), taps = window.taps();
    const int64_t per_group = filters / groups_, depth = channels / groups_;
    run.count_products(channels, in_plane, per_group * taps, batch);
    const SumLayout layout(window.axes.back());
    TN_ASSIGN_OR_RETURN(const int64_t sum_plane, multiply(plane / layout.width, layout.row_size()));
    TN_ASSIGN_OR_RETURN(const int64_t of_worker, multiply(std::min(kFiltersAtATime, per_group), sum_plane));
    TN_ASSIGN_OR_RETURN(double* const sums, run.scratch<double>(size_t(run.max_workers()) * size_t(of_worker)));
    const double cost = double(in_plane) * double(taps) * double(depth);
    run.parallel_for(batch * filters, cost, [&](uint32_t worker, int64_t begin, int64_t end) {
      double* const sum = sums + int64_t(worker) * of_worker;
      for (int64_t p = begin, count; p < end && !run.cancelled(); p += count) {
        const int64_t n = p / filters, m = p % filters, group = m / per_group;
        count = std::min(end - p, per_group - m % per_group) < kFiltersAtATime ? 1 : kFiltersAtATime;
        for (int64_t f = 0; f < count; ++f)
          std::fill_n(sum + f * sum_plane, sum_plane, bias ? double(bias[m + f]) : 0.0);
        const T* const in = x + (n * channels + group * depth) * in_plane;
        const T* const filter = w + (group * depth * per_group + m % per_group) * taps;
        if (count == 1) add_filters<1>(window, layout, depth, per_group, in, filter, sum, sum_plane);
        if (count > 1) add_filters<kFiltersAtATime>(window, layout, depth, per_group, in, filter, sum, sum_plane);
        for (int64_t f = 0; f < count; ++f)
          for (int64_t i = 0; i < plane; ++i)
            y[(p + f) * plane + i] = T(Compute<T>(sum[f * sum_plane + layout.place_of(i)]));
      }
    });
    return {};
  }

  sdk::TransposedAttributes attributes_;
  int64_t groups_;
  bool pads_given_;  // as input 2
  uint32_t bias_;    // the input that it is
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_conv_transpose(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(sdk::TransposedAttributes attributes, sdk::TransposedAttributes::parse(info));
  const bool pads_given = info.op_type() == "ConvTransposeWithDynamicPads";
  // Version 1 of its own domain is no form of opset 1.
  if (pads_given) attributes.extra_at_end = attributes.window.auto_pad == sdk::AutoPad::kSameUpper;
  return std::make_unique<ConvTranspose>(std::move(attributes), info.attr_int("group"), pads_given);
}

}  // namespace tenon::cpu_ref
