// DepthToSpace and SpaceToDepth: moves blocks of blocksize x blocksize elements between the channels and the spatial
// axes of N x C x H x W. The channels are ordered block row, block column, depth (mode DCR, the default) or depth,
// block row, block column (CRD).
#include <tenon/sdk/geometry/blocks.hpp>
#include <tenon/sdk/kernel.hpp>

#include "movement/element_mover.h"

namespace tenon::cpu_ref {
namespace {

class BlockMove final : public sdk::Kernel {
 public:
  BlockMove(int64_t block, bool depth_first, bool to_space)
      : block_(block), depth_first_(depth_first), to_space_(to_space) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const sdk::Shape shape, sdk::block_moved_shape(x.shape(), block_, to_space_));
    const sdk::ShapeView in_blocks = to_space_ ? x.shape() : sdk::ShapeView(shape);
    const int64_t n = x.dim(0), depth = (to_space_ ? sdk::ShapeView(shape) : x.shape())[1];
    const int64_t h = in_blocks[2], w = in_blocks[3];
    // Both sides hold the same axes: (n, depth, h, block row, w, block column) in space, another order in depth.
    const sdk::Shape box{n, depth, h, block_, w, block_};
    const auto order = sdk::block_order(depth_first_);
    sdk::Shape in_depth_order, in_depth(6);
    for (size_t axis : order) in_depth_order.push_back(box[axis]);
    const sdk::Shape strides = row_major_strides(in_depth_order);
    for (size_t i = 0; i < 6; ++i) in_depth[order[i]] = strides[i];
    const sdk::Shape in_space = row_major_strides(box);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, movable_output(run, 0, x.dtype(), shape));
    ElementMover mover(run, 0, y, x);
    return copy_box(mover, box, {0, to_space_ ? in_space : in_depth}, {0, to_space_ ? in_depth : in_space});
  }

 private:
  int64_t block_;
  bool depth_first_, to_space_;
};

sdk::Result<sdk::KernelPtr> make_block_move(const sdk::KernelInfo& info, bool to_space) {
  const int64_t block = info.attr_int("blocksize");
  TN_RETURN_IF_ERROR(sdk::check_block(block));
  TN_ASSIGN_OR_RETURN(const bool depth_first, sdk::is_depth_first(info.attr_string("mode", "DCR")));
  return std::make_unique<BlockMove>(block, depth_first, to_space);
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_depth_to_space(const sdk::KernelInfo& info) {
  return make_block_move(info, true);
}

sdk::Result<sdk::KernelPtr> make_space_to_depth(const sdk::KernelInfo& info) {
  return make_block_move(info, false);
}

}  // namespace tenon::cpu_ref
