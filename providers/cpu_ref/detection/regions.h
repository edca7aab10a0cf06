// The inputs X, rois and batch_indices of the operators that sample regions of images.
#pragma once

#include <tenon/sdk/kernel.hpp>

#include "shape_math.h"

namespace tenon::cpu_ref {

/// Fails unless x is N x C x H x W, rois regions x 4, and batch_indices, of type Index, one of 0 to N - 1 a region.
template <typename Index>
sdk::Status check_regions(const sdk::TensorView& x, const sdk::TensorView& rois, const sdk::TensorView& batch_indices) {
  if (x.rank() != 4)
    return sdk::invalid_argument("input X has shape ", sdk::shape_text(x.shape()), ", expected N x C x H x W");
  if (rois.rank() != 2 || rois.dim(1) != 4)
    return sdk::invalid_argument("input rois has shape ", sdk::shape_text(rois.shape()), ", expected regions x 4");
  if (batch_indices.rank() != 1 || batch_indices.dim(0) != rois.dim(0))
    return sdk::invalid_argument("input batch_indices has shape ", sdk::shape_text(batch_indices.shape()),
                                 ", expected ", rois.dim(0));
  for (const Index b : batch_indices.span<Index>())
    if (b < 0 || b >= x.dim(0))
      return sdk::invalid_argument("input batch_indices has ", b, ", expected 0 to ", x.dim(0) - 1);
  return {};
}

}  // namespace tenon::cpu_ref
