// DepthToSpace and SpaceToDepth: what blocks between channels and spatial axes come to. Host rule and providers read it
// here, so that they cannot disagree. Pure functions; sizes may be hostile, and -1 where they are not known.
#pragma once

#include <array>
#include <string_view>
#include <tenon/sdk/span.hpp>
#include <tenon/sdk/status.hpp>
#include <tenon/sdk/tensor.hpp>

namespace tenon::sdk {
inline namespace TENON_SDK_VERSION {

inline Status check_block(int64_t block) {
  if (block >= 1) return {};
  return invalid_model("attribute 'blocksize' is ", block, ", expected 1 or more");
}

/// The result's N x C x H x W of blocks of `block` x `block`: out of the channels into space, or back.
inline Result<Shape> block_moved_shape(ShapeView x, int64_t block, bool to_space) {
  TN_RETURN_IF_ERROR(check_block(block));
  if (x.size() != 4) return invalid_model("the input has shape ", shape_text(x), ", expected N x C x H x W");
  int64_t area;
  if (__builtin_mul_overflow(block, block, &area))
    return invalid_model("attribute 'blocksize' is ", block, ", whose square has more than 64 bits");
  Shape y(x.begin(), x.end());
  for (size_t i = 1; i < 4; ++i) {
    if (y[i] < 0) continue;
    const int64_t factor = i == 1 ? area : block;
    const bool divides = (i == 1) == to_space;
    if (divides && y[i] % factor != 0)
      return invalid_model("dimension ", i, " of the input ", shape_text(x), " is ", y[i], ", expected a multiple of ",
                           factor, ", as the blocks are ", block, " wide");
    if (divides) {
      y[i] /= factor;
    } else if (__builtin_mul_overflow(y[i], factor, &y[i])) {
      return invalid_model("dimension ", i, " of the input ", shape_text(x), " grows by ", factor,
                           ", which is more than 64 bits count");
    }
  }
  return y;
}

/// Whether the attribute `mode` has the depth before the block's row and column among the channels: CRD, not DCR.
inline Result<bool> is_depth_first(std::string_view mode) {
  if (mode == "DCR" || mode == "CRD") return mode == "CRD";
  return invalid_model("attribute mode is '", mode, "', expected DCR or CRD");
}

/// The axes batch, depth, h, block row, w and block column, 0 to 5, which is their order in space, as they stand in
/// N x C x H x W with the blocks among the channels.
inline std::array<size_t, 6> block_order(bool depth_first) {
  return depth_first ? std::array<size_t, 6>{0, 1, 3, 5, 2, 4} : std::array<size_t, 6>{0, 3, 5, 1, 2, 4};
}

}  // namespace TENON_SDK_VERSION
}  // namespace tenon::sdk
