// Col2Im: the sum of blocks that lie over an image at every position of a window: input N x C*taps x positions, with
// the taps of a block in row-major order, to N x C x image. What falls into padding is left out.
#include "arithmetic.h"
#include "window/window.h"

namespace tenon::cpu_ref {
namespace {

class Col2Im final : public sdk::Kernel {
 public:
  explicit Col2Im(sdk::WindowAttributes attributes) : attributes_(std::move(attributes)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const sdk::Shape image, read_ints(run.input(1), "image_shape"));
    TN_ASSIGN_OR_RETURN(const sdk::Shape block, read_ints(run.input(2), "block_shape"));
    if (image.empty() || image.size() != block.size())
      return sdk::invalid_argument("image_shape has ", image.size(), " axes and block_shape ", block.size(),
                                   ", expected as many, at least one");
    for (const int64_t d : image)
      if (d < 0) return sdk::invalid_argument("input image_shape has ", d, ", expected 0 or more");
    TN_ASSIGN_OR_RETURN(std::vector<sdk::WindowAxis> axes, attributes_.resolve(image, block));
    const Window window{std::move(axes)};
    TN_ASSIGN_OR_RETURN(const int64_t taps, product(block, 0, block.size()));
    const int64_t positions = window.output_size();
    if (x.rank() != 3 || taps == 0 || x.dim(1) % taps != 0 || x.dim(2) != positions)
      return sdk::invalid_argument("the input has shape ", sdk::shape_text(x.shape()), ", expected N x a multiple of ",
                                   taps, ", the taps of a block, x ", positions, ", the positions of the window");
    const int64_t channels = x.dim(1) / taps;
    sdk::Shape shape{x.dim(0), channels};
    shape.insert(shape.end(), image.begin(), image.end());
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), shape));
    if (y.count() == 0) return {};
    return visit_numeric(x.dtype(), [&](auto tag) { return add_blocks<decltype(tag)>(run, window, channels, y); });
  }

 private:
  template <typename T>
  static sdk::Status add_blocks(sdk::RunContext& run, const Window& window, int64_t channels,
                                const sdk::MutableTensorView& y) {
    const int64_t plane = window.input_size(), positions = window.output_size(), taps = window.taps();
    TN_ASSIGN_OR_RETURN(Accumulator<T>* const sums, run.scratch<Accumulator<T>>(static_cast<size_t>(plane)));
    const T* const x = run.input(0).data<T>();
    for (int64_t p = 0; p < run.input(0).dim(0) * channels && !run.cancelled(); ++p) {
      std::fill_n(sums, plane, Accumulator<T>(0));
      for_each_tap_row(window, [&](int64_t tap, int64_t out, int64_t count, int64_t first, int64_t step) {
        const T* const from = x + (p * taps + tap) * positions + out;
        for (int64_t i = 0; i < count; ++i)
          sums[first + i * step] =
              wrapping_add(sums[first + i * step], static_cast<Accumulator<T>>(static_cast<Compute<T>>(from[i])));
      });
      for (int64_t i = 0; i < plane; ++i) y.data<T>()[p * plane + i] = from_accumulator<T>(sums[i]);
    }
    return {};
  }

  const sdk::WindowAttributes attributes_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_col2im(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(sdk::WindowAttributes attributes, sdk::WindowAttributes::parse(info));
  return std::make_unique<Col2Im>(std::move(attributes));
}

}  // namespace tenon::cpu_ref
