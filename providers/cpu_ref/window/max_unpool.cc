// MaxUnpool: zeros, with each element of X at the position that the index input names in a tensor of the size that
// pooling with this kernel, strides and pads would have come from. With output_shape that tensor is the first corner of
// one of that shape. Of equal positions the last wins.
#include <algorithm>

#include "held_tensor.h"
#include "movement/element_mover.h"
#include "window/window.h"

namespace tenon::cpu_ref {
namespace {

class MaxUnpool final : public sdk::Kernel {
 public:
  explicit MaxUnpool(sdk::WindowAttributes attributes) : attributes_(std::move(attributes)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), indices = run.input(1);
    if (x.rank() < 2 || to_shape(indices.shape()) != to_shape(x.shape()))
      return sdk::invalid_argument("inputs X and I have shapes ", sdk::shape_text(x.shape()), " and ",
                                   sdk::shape_text(indices.shape()), ", expected the same: N x C x spatial axes");
    TN_ASSIGN_OR_RETURN(const sdk::Shape pooled, pooled_shape(x));
    sdk::Shape shape = pooled;
    if (run.has_input(2)) {
      TN_ASSIGN_OR_RETURN(shape, read_ints(run.input(2), "output_shape"));
      if (shape.size() != pooled.size())
        return sdk::invalid_argument("input output_shape has ", shape.size(), " values, expected ", pooled.size());
    }
    for (int64_t d : shape)
      if (d < 0) return sdk::invalid_argument("the output would have shape ", sdk::shape_text(shape));
    TN_ASSIGN_OR_RETURN(const int64_t count, product(pooled, 0, pooled.size()));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), shape));
    const std::unique_ptr<HeldTensor> zero = HeldTensor::zero(x.dtype());
    TN_RETURN_IF_ERROR(ElementMover(run, 0, y, zero->view()).copy(0, 1, 0, 0, y.count()));
    const sdk::Shape strides = row_major_strides(shape);
    const bool is_whole = shape == pooled;
    ElementMover mover(run, 0, y, x);
    for (int64_t i = 0; i < x.count(); ++i) {
      const int64_t index = indices.data<int64_t>()[i];
      if (index < 0 || index >= count)
        return sdk::invalid_argument("input I holds ", index, ", expected 0 to ", count - 1, ", a position in shape ",
                                     sdk::shape_text(pooled));
      int64_t rest = index, to = is_whole ? index : 0;
      bool inside = true;
      for (size_t a = is_whole ? 0 : shape.size(); a-- > 0; rest /= pooled[a]) {
        inside = inside && rest % pooled[a] < shape[a];
        to += inside ? rest % pooled[a] * strides[a] : 0;
      }
      if (inside) TN_RETURN_IF_ERROR(mover.copy(to, i, 1));
    }
    return {};
  }

 private:
  sdk::Result<sdk::Shape> pooled_shape(const sdk::TensorView& x) const {
    const size_t rank = x.shape().size() - 2;
    const sdk::TransposedAttributes pooling{attributes_, {}, {}};
    TN_ASSIGN_OR_RETURN(const auto axes, pooling.resolve(x.shape().subspan(2, rank), attributes_.kernel));
    sdk::Shape shape{x.dim(0), x.dim(1)};
    for (const sdk::WindowAxis& axis : axes) shape.push_back(axis.in);
    return shape;
  }

  sdk::WindowAttributes attributes_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_max_unpool(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(sdk::WindowAttributes attributes, sdk::WindowAttributes::parse(info));
  return std::make_unique<MaxUnpool>(std::move(attributes));
}

}  // namespace tenon::cpu_ref
