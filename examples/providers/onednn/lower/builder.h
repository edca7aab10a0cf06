// What the lowering of operators works with: the tensors of values, in whatever layout they lie, and the program that
// grows. Not for several threads. Lowering functions may throw dnnl::error, which the caller of lower() catches.
#pragma once

#include "graph/op.h"
#include "program/program.h"

namespace onednn {

/// What an op with a packed weight has packed: its layout, and where the bias starts within the blob; -1: none.
struct PackedLayout {
  Desc weight;
  int64_t bias_offset = -1;
  int64_t gain_offset = 0;
  int64_t bytes = 0;
};

class Builder {
 public:
  /// `careful`: nothing that loses NaN.
  Builder(const Group& group, const std::vector<PackedLayout>& packed, bool careful, Program* program);

  const Group& group() const { return group_; }
  bool careful() const { return careful_; }
  const PackedLayout& packed(int slot) const { return packed_[static_cast<size_t>(slot)]; }

  Dims dims(int value) const;
  /// The tensor of a value as it lies; of the kernel's inputs row-major.
  int tensor(int value);
  /// The same in another layout, by a step of its own where that is needed.
  int tensor_in(int value, const Desc& desc);
  const Tensor& at(int tensor) const { return program_.tensors[static_cast<size_t>(tensor)]; }
  bool is_row_major(int tensor) const;

  /// A tensor for the value that a step computes: the kernel's output where the layout is that of outputs.
  int define(int value, const Desc& desc);
  /// A value that has the bytes of a row-major tensor.
  void define_view(int value, int tensor);
  /// A value that is computed in the place of another, which nothing reads from then on.
  int define_in_place(int value, int tensor);
  /// Whether what lies in `tensor`, which is `value`, may be overwritten by the op that is lowered.
  bool may_overwrite(int value, int tensor) const;
  int temporary(const Desc& desc);
  /// Adds a step that brings one tensor into the layout of another.
  void reorder(int from, int to);
  Place packed_place(int slot, int64_t offset);
  /// A tensor with the packed weight in another layout, made anew in each run.
  int relay_packed(int slot, const Desc& packed, const Desc& wanted);

  /// Adds a step that works on these tensors, and on the last one last.
  void add(StepPtr step, const std::vector<int>& tensors);
  /// Moves outputs to where they belong; then the program is whole.
  void finish();

  /// Called when an op is lowered: its inputs have one reader less.
  void count_readers(const Op& op);

 private:
  int add_tensor(const Desc& desc, Place place);
  int add_buffer(Buffer::Kind kind, int index, int64_t bytes);

  const Group& group_;
  const std::vector<PackedLayout>& packed_;
  const bool careful_;
  Program& program_;
  std::vector<int> tensor_of_;  // by value
  std::vector<int> readers_;    // by value, that are still to come
  std::vector<int> buffer_of_slot_;
  std::vector<bool> is_shared_;              // by buffer: several values lie there
  std::vector<std::pair<int, int>> relaid_;  // value, tensor in another layout
};

/// Lowers one operator; `op` is fused and shapes are known.
sdk::Status lower_conv(Builder& builder, const Op& op);
sdk::Status lower_product(Builder& builder, const Op& op);
sdk::Status lower_pool(Builder& builder, const Op& op);
sdk::Status lower_eltwise(Builder& builder, const Op& op);
sdk::Status lower_binary(Builder& builder, const Op& op);
sdk::Status lower_softmax(Builder& builder, const Op& op);
sdk::Status lower_normalize(Builder& builder, const Op& op);
sdk::Status lower_layer_norm(Builder& builder, const Op& op);
sdk::Status lower_lrn(Builder& builder, const Op& op);

/// The steps of a careful program that keep NaN; for both tensors row-major.
StepPtr max_pool_loop(const Tensor& x, const Tensor& y, std::vector<sdk::WindowAxis> axes);
StepPtr softmax_loop(const Tensor& x, const Tensor& y, int64_t outer, int64_t length, int64_t inner, bool is_log);

/// Compiles a group for the shapes that its inputs have.
sdk::Result<std::shared_ptr<const Program>> compile_program(const Group& group, const std::vector<PackedLayout>& packed,
                                                            bool careful);

/// Scratchpad in the caller's memory.
dnnl::primitive_attr plain_attributes();
/// Of a Conv or a product: what the primitive does after the sum, and what is left to a step of its own.
struct Tail {
  dnnl::post_ops post_ops;
  std::vector<Function> left;
  bool loses_nan = false;
  bool keeps_bound = true;  // the result is no larger than what the functions get
  double most = kUnbounded;
};
/// `may_lose_nan`: a range can be proved for the step.
Tail tail_of(const Builder& builder, const Op& op, bool may_lose_nan);
/// Adds the step that computes tensor `y` of `sources` and, where it is not negative, of the tensor `weight`, and
/// behind it what the tail could not take in.
void add_with_tail(Builder& builder, const Tail& tail, StepPtr step, std::vector<int> sources, int weight, int y);
/// Adds a function of each element as a step of its own; `from` may be `to`, and both have one layout.
void add_function_between(Builder& builder, const Function& function, int from, int to);
/// The same in place, whatever the layout.
void add_function(Builder& builder, const Function& function, int tensor);

}  // namespace onednn
