// CenterCropPad: each of `axes` (all, when left out) cut or padded with zeros around its centre to the size of `shape`.
// Of an odd number of elements to cut or add, the odd one is at the end.
#include <algorithm>
#include <tenon/sdk/kernel.hpp>

#include "held_tensor.h"
#include "movement/element_mover.h"

namespace tenon::cpu_ref {
namespace {

class CenterCropPad final : public sdk::Kernel {
 public:
  explicit CenterCropPad(const sdk::KernelInfo& info)
      : has_axes_(info.has_ints("axes")), axes_(info.attr_ints("axes")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const sdk::Shape asked, read_ints(run.input(1), "shape"));
    sdk::Shape axes = axes_;
    if (!has_axes_)
      for (int64_t a = 0; a < x.rank(); ++a) axes.push_back(a);
    TN_ASSIGN_OR_RETURN(axes, normalize_axes(axes, x.rank()));
    if (asked.size() != axes.size())
      return sdk::invalid_argument("input shape has ", asked.size(), " values, expected ", axes.size(),
                                   ", one per axis");
    sdk::Shape shape = to_shape(x.shape());
    for (size_t i = 0; i < axes.size(); ++i) {
      if (asked[i] < 0) return sdk::invalid_argument("input shape holds ", asked[i], ", expected 0 or more");
      shape[size_t(axes[i])] = asked[i];
    }
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, movable_output(run, 0, x.dtype(), shape));
    if (y.count() == 0) return {};
    const std::unique_ptr<HeldTensor> zero = HeldTensor::zero(x.dtype());
    TN_RETURN_IF_ERROR(ElementMover(run, 0, y, zero->view()).copy(0, 1, 0, 0, y.count()));
    BoxLayout to{0, row_major_strides(shape)}, from{0, row_major_strides(x.shape())};
    sdk::Shape box;
    for (size_t a = 0; a < shape.size(); ++a) {
      const int64_t difference = shape[a] - x.shape()[a];
      (difference > 0 ? to : from).offset += std::abs(difference) / 2 * (difference > 0 ? to : from).strides[a];
      box.push_back(std::min(shape[a], x.shape()[a]));
    }
    ElementMover mover(run, 0, y, x);
    return copy_box(mover, box, to, from);
  }

 private:
  bool has_axes_;
  sdk::Shape axes_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_center_crop_pad(const sdk::KernelInfo& info) {
  return std::make_unique<CenterCropPad>(info);
}

}  // namespace tenon::cpu_ref
