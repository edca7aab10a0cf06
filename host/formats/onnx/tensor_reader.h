// TensorProto to Tensor: a view of the file's bytes where they can be used in place, else a copy that says why. Reads
// TensorProtos of a skeleton (wire_walker.h). Not thread-safe; lives as long as one import.
#pragma once

#include <memory>
#include <span>

#include "host/base/status.h"
#include "host/formats/onnx/external_files.h"
#include "host/formats/onnx/onnx_proto.h"
#include "host/formats/onnx/wire_walker.h"
#include "host/formats/sparse_tensor.h"
#include "host/formats/tensor_bytes.h"
#include "host/graph/tensor.h"

namespace tenon::host {

class TensorReader {
 public:
  /// Tensors are views of `input`, which `owner` keeps alive. `mapping`: what `input` is all of; nullptr for memory of
  /// the application. `skeleton` must outlive the reader.
  TensorReader(std::span<const std::byte> input, std::shared_ptr<const void> owner, const FileMapping* mapping,
               const onnx_wire::Skeleton& skeleton, ExternalFiles files)
      : input_(input), owner_(std::move(owner)), mapping_(mapping), skeleton_(skeleton), files_(std::move(files)) {}

  /// TN_INVALID_MODEL or TN_UNSUPPORTED says what is wrong with the tensor, without its name. Its data may have to wait
  /// for finish_copies().
  Result<Tensor> read(const onnx::TensorProto& proto);
  /// The dense tensor that it means.
  Result<Tensor> read_sparse(const onnx::SparseTensorProto& proto);
  void finish_copies(const PendingCopies::Runner& run) { copies_.finish(run); }

  const ExternalFiles& files() const { return files_; }

 private:
  Result<Tensor> read_raw(const onnx::TensorProto& proto, std::vector<int64_t> dims, uint64_t expected);
  /// float_data and double_data: runs of elements whose positions are in the skeleton.
  Result<Tensor> read_runs(std::span<const std::byte> indices, const char* field, tn_dtype dtype,
                           std::vector<int64_t> dims, uint64_t expected);
  Result<onnx_wire::WeightSpan> span_at(const char* index_bytes) const;

  std::span<const std::byte> input_;
  std::shared_ptr<const void> owner_;
  const FileMapping* mapping_;
  const onnx_wire::Skeleton& skeleton_;
  ExternalFiles files_;
  PendingCopies copies_;
  DenseBudget dense_budget_;
};

/// Decodes the fields that hold one element, or a few bits, per entry: int32_data, int64_data, uint64_data and
/// string_data.
Result<Tensor> decode_typed_fields(const onnx::TensorProto& proto, tn_dtype dtype, std::vector<int64_t> dims);

}  // namespace tenon::host
