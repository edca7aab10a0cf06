// Crop of the first opsets: X, N x C x H x W, without what attribute border takes off left, top, right and bottom; or
// where `scale` says how high and wide Y is, that much from the left and the top border on.
#include <tenon/sdk/kernel.hpp>

#include "movement/element_mover.h"

namespace tenon::cpu_ref {
namespace {

class Crop final : public sdk::Kernel {
 public:
  Crop(sdk::Shape border, sdk::Shape size) : border_(std::move(border)), size_(std::move(size)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (x.rank() != 4)
      return sdk::invalid_argument("the input has shape ", sdk::shape_text(x.shape()), ", expected N x C x H x W");
    sdk::Shape shape = to_shape(x.shape());
    BoxLayout from{0, row_major_strides(shape)};
    for (const size_t axis : {2, 3}) {
      const int64_t first = border_[3 - axis], last = border_[5 - axis], whole = shape[axis];
      const int64_t rest = whole - first, wanted = size_.empty() ? rest - last : size_[axis - 2];
      if (rest < 0 || wanted < 0 || wanted > rest)
        return sdk::invalid_argument("the input is ", sdk::shape_text(x.shape()), ", expected no less along axis ",
                                     axis, " than the border of ", first, " with ", size_.empty() ? last : wanted,
                                     " behind");
      shape[axis] = wanted;
      from.offset += first * from.strides[axis];
    }
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, movable_output(run, 0, x.dtype(), shape));
    ElementMover mover(run, 0, y, x);
    return copy_box(mover, shape, {0, row_major_strides(shape)}, from);
  }

 private:
  const sdk::Shape border_;  // left, top, right, bottom
  const sdk::Shape size_;    // height and width, or nothing
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_crop(const sdk::KernelInfo& info) {
  sdk::Shape border = info.attr_ints("border"), size = info.attr_ints("scale");
  for (const int64_t side : border)
    if (side < 0) return sdk::invalid_model("attribute border has ", side, ", expected no negative number");
  if (border.size() != 4 || (!size.empty() && size.size() != 2))
    return sdk::invalid_model("attributes border and scale have ", border.size(), " and ", size.size(),
                              " numbers, expected left, top, right and bottom, and height and width or none");
  return std::make_unique<Crop>(std::move(border), std::move(size));
}

}  // namespace tenon::cpu_ref
