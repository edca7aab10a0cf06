// DepthToSpace and SpaceToDepth: blocks of blocksize x blocksize elements move between the channels and the spatial
// axes of N x C x H x W. The channels are ordered block row, block column, depth (mode DCR, the default) or depth,
// block row, block column (CRD).
#include <tenon/sdk/geometry/blocks.hpp>

#include "strided_copy.h"

namespace tenon::cpu_blas {
namespace {

class BlockMove final : public sdk::Kernel {
 public:
  BlockMove(int64_t block, bool depth_first, bool to_space)
      : block_(block), depth_first_(depth_first), to_space_(to_space) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const sdk::Shape shape, sdk::block_moved_shape(x.shape(), block_, to_space_));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), shape));
    run.count(TN_COUNT_BYTES, 2 * y.byte_length());
    if (y.count() == 0) return {};
    const sdk::ShapeView blocks = to_space_ ? x.shape() : sdk::ShapeView(shape);
    const int64_t depth = (to_space_ ? sdk::ShapeView(shape) : x.shape())[1], h = blocks[2], w = blocks[3];
    // Axes of both sides, in their order in space.
    const int64_t size[6] = {x.dim(0), depth, h, block_, w, block_};
    constexpr std::array<size_t, 6> kInSpace{0, 1, 2, 3, 4, 5};
    const auto in_depth = sdk::block_order(depth_first_);
    const auto &from = to_space_ ? in_depth : kInSpace, &to = to_space_ ? kInSpace : in_depth;
    int64_t step_of[6], step = 1;
    for (size_t i = 6; i-- > 0; step *= size[from[i]]) step_of[from[i]] = step;
    sdk::Shape box(6);
    std::vector<int64_t> steps(6);
    for (size_t i = 0; i < 6; ++i) box[i] = size[to[i]], steps[i] = step_of[to[i]];
    copy_strided_view(run, x.raw(), 0, steps, box, element_size(x.dtype()), y.raw());
    return {};
  }

 private:
  int64_t block_;
  bool depth_first_, to_space_;
};

sdk::Result<sdk::KernelPtr> make_block_move(const sdk::KernelInfo& info, bool to_space) {
  const int64_t block = info.attr_int("blocksize");
  TN_RETURN_IF_ERROR(sdk::check_block(block));
  TN_ASSIGN_OR_RETURN(const bool depth_first, sdk::is_depth_first(info.attr_string("mode", "DCR")));
  return sdk::KernelPtr(std::make_unique<BlockMove>(block, depth_first, to_space));
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_depth_to_space(const sdk::KernelInfo& info) {
  return make_block_move(info, true);
}

sdk::Result<sdk::KernelPtr> make_space_to_depth(const sdk::KernelInfo& info) {
  return make_block_move(info, false);
}

}  // namespace tenon::cpu_blas
