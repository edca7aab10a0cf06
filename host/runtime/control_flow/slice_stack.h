// Joins one slice per iteration into one tensor with a new dimension for the iterations. Used by one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/graph/graph.h"
#include "host/runtime/host_ops/host_step.h"

namespace tenon::host {

class SliceStack {
 public:
  struct Options {
    int64_t axis = 0;  // of the new dimension in the result; negative: from its end
    bool is_reversed = false;
    int64_t count = -1;     // slices in the result, those that were not added zero; -1: as many as are added
    int64_t expected = -1;  // the most that will be added; -1: unknown. With `count`, that
  };
  explicit SliceStack(Options options) : options_(options) {}

  /// All slices have one type and shape. TN_OUT_OF_MEMORY when the step's run has no room for it.
  Status add(const Tensor& slice, const HostStep& control);
  /// The result, which owns its memory; without slices as `type` says, its open dimensions 0.
  Result<Tensor> finish(const ValueType& type, const HostStep& control);
  /// Held for the slices so far.
  uint64_t bytes() const { return memory_.byte_length(); }

 private:
  Status begin(tn_dtype dtype, const std::vector<int64_t>& slice_shape, const HostStep& control);
  Status grow(const HostStep& control);
  std::vector<int64_t> shape_of(int64_t slices) const;
  int64_t place_of(int64_t slice) const { return options_.is_reversed ? room_ - 1 - slice : slice; }
  void clear_missing();

  const Options options_;
  size_t axis_ = 0;
  int64_t outer_ = 1;
  uint64_t slice_bytes_ = 0;  // of one slice in one of `outer_` blocks
  std::vector<int64_t> slice_shape_;
  Tensor memory_;  // of room_ slices
  int64_t room_ = 0, added_ = 0;
};

}  // namespace tenon::host
