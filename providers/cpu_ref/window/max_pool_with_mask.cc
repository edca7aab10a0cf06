// MaxpoolWithMask: the largest element of each window of X (N x C x 1 to 3 spatial axes), where each row of the window
// along the last axis ends before the first element whose mask is 0. NaN loses, and the lowest number stands for none.
// As in ONNX Runtime, the first element of a plane counts whatever its mask is, unless there is one spatial axis only,
// and the mask of plane p of X begins at element p * elements of a plane, modulo the number of planes of the mask.
#include <algorithm>
#include <limits>

#include "window/window.h"

namespace tenon::cpu_ref {
namespace {

class MaxPoolWithMask final : public sdk::Kernel {
 public:
  explicit MaxPoolWithMask(sdk::WindowAttributes attributes) : attributes_(std::move(attributes)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), mask = run.input(1);
    TN_ASSIGN_OR_RETURN(const Pooling pooling, resolve_pooling(attributes_, x));
    if (x.rank() > 5)
      return sdk::invalid_argument("input X has shape ", sdk::shape_text(x.shape()),
                                   ", expected N x C x one to three spatial axes");
    const bool fits = mask.rank() == x.rank() && mask.dim(0) > 0 && mask.dim(1) > 0 &&
                      std::equal(x.shape().begin() + 2, x.shape().end(), mask.shape().begin() + 2);
    if (!fits)
      return sdk::invalid_argument("input M has shape ", sdk::shape_text(mask.shape()), ", expected that of X, ",
                                   sdk::shape_text(x.shape()), ", where the first two dimensions may be others");
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_FLOAT, pooling.output_shape));
    if (y.count() == 0) return {};
    const Window& window = pooling.window;
    const int64_t in_plane = window.input_size(), out_plane = window.output_size();
    TN_ASSIGN_OR_RETURN(const int64_t masks, multiply(mask.dim(0), mask.dim(1)));
    run.parallel_for(x.dim(0) * x.dim(1), double(out_plane) * double(in_plane), [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end && !run.cancelled(); ++p)
        pool(window, x.data<float>() + p * in_plane, mask.data<int32_t>() + p * in_plane % masks,
             y.data<float>() + p * out_plane);
    });
    return {};
  }

 private:
  /// One plane.
  static void pool(const Window& window, const float* x, const int32_t* mask, float* y) {
    constexpr sdk::WindowAxis kNone;
    const size_t rank = window.rank();
    const sdk::WindowAxis& depth = rank > 2 ? window.axes[0] : kNone;
    const sdk::WindowAxis& height = rank > 1 ? window.axes[rank - 2] : kNone;
    const sdk::WindowAxis& width = window.axes[rank - 1];
    for (int64_t d = 0; d < depth.out; ++d)
      for (int64_t h = 0; h < height.out; ++h)
        for (int64_t w = 0; w < width.out; ++w) {
          float best = std::numeric_limits<float>::lowest();
          const Span slices = inside(depth, d), rows = inside(height, h), columns = inside(width, w);
          for (int64_t slice = slices.begin; slice < slices.end; ++slice)
            for (int64_t row = rows.begin; row < rows.end; ++row)
              for (int64_t column = columns.begin; column < columns.end; ++column) {
                const int64_t at = (slice * height.in + row) * width.in + column;
                if (mask[at] == 0 && (at > 0 || rank == 1)) break;
                best = std::max(best, x[at]);
              }
          *y++ = best;
        }
  }

  /// The inputs of the window of output `o`.
  struct Span {
    int64_t begin, end;
  };
  static Span inside(const sdk::WindowAxis& axis, int64_t o) {
    const int64_t first = axis.input_of(o, 0);
    return {std::max<int64_t>(first, 0), std::min(first + axis.kernel, axis.in)};
  }

  sdk::WindowAttributes attributes_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_max_pool_with_mask(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(sdk::WindowAttributes attributes, sdk::WindowAttributes::parse(info));
  return std::make_unique<MaxPoolWithMask>(std::move(attributes));
}

}  // namespace tenon::cpu_ref
