// Sparse tensors of files (SparseTensorProto of onnx.proto, SparseTensor of ONNX Runtime's schema) as the dense tensors
// that they mean: kernels, views and packs know dense ones alone. Not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "host/base/status.h"
#include "host/graph/tensor.h"

namespace tenon::host {

/// What the sparse tensors of one file may take together once they are dense: a few bytes of file can ask for any size.
class DenseBudget {
 public:
  static constexpr uint64_t kMostBytes = uint64_t{1} << 30;

  /// TN_UNSUPPORTED once it is more.
  Status charge(uint64_t bytes);

 private:
  uint64_t left_ = kMostBytes;
};

/// The tensor of shape `dims` that holds `values` (one dimension, n elements) at `indices` and zeros or empty strings
/// elsewhere. `indices`: int64, or a smaller signed type, as onnxruntime writes them; ascending; n positions in row-major
/// order or n x rank coordinates. TN_INVALID_MODEL says what is wrong, without the tensor's name.
Result<Tensor> make_dense(const Tensor& values, const Tensor& indices, std::vector<int64_t> dims, DenseBudget& budget);

}  // namespace tenon::host
