// SplitToSequence and ConcatFromSequence: tensors to sequences of their slices, and back. Slices of the first dimension
// share the memory of the whole.
#include <algorithm>

#include "host/base/checked.h"
#include "host/graph/shape_rules/shape_context.h"
#include "host/runtime/host_ops/host_step.h"
#include "host/runtime/host_ops/operators.h"
#include "host/runtime/tensor_copy.h"

namespace tenon::host {
namespace {

using Kind = ValueType::Kind;

class Split {
 public:
  Split(HostStep& step, Tensor whole, size_t axis)
      : step_(step), whole_(std::move(whole)), view_(whole_.abi_view(0)), axis_(axis), rest_(whole_.shape()) {
    rest_.erase(rest_.begin() + static_cast<ptrdiff_t>(axis));
  }

  Status run() {
    TENON_ASSIGN_OR_RETURN(layout_, axis_layout(whole_.dtype(), rest_, axis_));
    const bool keeps_dim = step_.has_input(1) || step_.node().int_attribute("keepdims").value_or(1) != 0;
    TENON_RETURN_IF_ERROR(step_.has_input(1) && step_.input(1).rank > 0 ? add_lengths() : add_equal(keeps_dim));
    TENON_ASSIGN_OR_RETURN(RunValue sequence, RunValue::sequence({Kind::kTensor, whole_.dtype()}, std::move(parts_)));
    return step_.give_sequence(0, std::move(sequence));
  }

 private:
  int64_t length() const { return whole_.shape()[axis_]; }

  // Of one length, the last one of what is left.
  Status add_equal(bool keeps_dim) {
    int64_t size = 1;
    if (step_.has_input(1)) {
      TENON_ASSIGN_OR_RETURN(size, HostStep::index_of(step_.input(1), "split"));
    }
    if (size < 1) return error(TN_INVALID_ARGUMENT, "split is ", size, ", expected 1 or more");
    const int64_t count = length() / size + (length() % size != 0 ? 1 : 0);
    TENON_RETURN_IF_ERROR(step_.check_list(static_cast<uint64_t>(count)));
    for (int64_t i = 0; i < count; ++i)
      TENON_RETURN_IF_ERROR(add(i * size, std::min(size, length() - i * size), keeps_dim));
    return {};
  }

  Status add_lengths() {
    const tn_tensor& split = step_.input(1);
    if (split.rank != 1)
      return error(TN_INVALID_ARGUMENT, "split has rank ", split.rank, ", expected a scalar or a list");
    TENON_RETURN_IF_ERROR(step_.check_list(static_cast<uint64_t>(split.shape[0])));
    int64_t begin = 0;
    for (int64_t i = 0; i < split.shape[0]; ++i) {
      TENON_ASSIGN_OR_RETURN(const int64_t size, HostStep::index_at(split, i, "split"));
      if (size < 0 || size > length() - begin)
        return error(TN_INVALID_ARGUMENT, "split[", i, "] is ", size, ", expected 0 to the ", length() - begin,
                     " that are left of ", length());
      TENON_RETURN_IF_ERROR(add(begin, size, true));
      begin += size;
    }
    if (begin == length()) return {};
    return error(TN_INVALID_ARGUMENT, "split adds up to ", begin, ", expected the ", length(), " of dimension ", axis_);
  }

  Status add(int64_t begin, int64_t count, bool keeps_dim) {
    if (step_.execution().stop_code() != TN_OK) return {};
    std::vector<int64_t> shape = rest_;
    if (keeps_dim) shape.insert(shape.begin() + static_cast<ptrdiff_t>(axis_), count);
    if (layout_.outer == 1 && whole_.owner() != nullptr) {
      const uint64_t bytes = layout_.inner_bytes;
      parts_.push_back(
          whole_.part(std::move(shape), static_cast<uint64_t>(begin) * bytes, static_cast<uint64_t>(count) * bytes));
      return {};
    }
    std::vector<int64_t> kept = rest_;
    kept.insert(kept.begin() + static_cast<ptrdiff_t>(axis_), count);
    const auto bytes = checked_byte_length(whole_.dtype(), kept).get();
    if (!bytes) return error(TN_INVALID_ARGUMENT, "a part does not count in 64 bits");
    TENON_RETURN_IF_ERROR(step_.check_memory(*bytes));
    TENON_ASSIGN_OR_RETURN(Tensor part, Tensor::allocate(whole_.dtype(), std::move(kept), Residence::kRuntime));
    copy_slices({view_, begin, count, part, 0}, axis_, layout_);
    if (!keeps_dim) part = part.part(std::move(shape), 0, part.byte_length());
    TENON_ASSIGN_OR_RETURN(part, step_.lasting(std::move(part)));
    parts_.push_back(std::move(part));
    return {};
  }

  HostStep& step_;
  const Tensor whole_;
  const tn_tensor view_;
  const size_t axis_;
  std::vector<int64_t> rest_;  // the shape without the dimension
  AxisLayout layout_;
  std::vector<RunValue> parts_;
};

// The shape of the joined tensors with `length` in the dimension `axis`, or between dimensions.
std::vector<int64_t> with_length(std::vector<int64_t> shape, size_t axis, int64_t length, bool is_new) {
  if (is_new) {
    shape.insert(shape.begin() + static_cast<ptrdiff_t>(axis), length);
  } else {
    shape[axis] = length;
  }
  return shape;
}

Result<Tensor> join(const HostStep& step, std::span<const RunValue> elements, int64_t stated_axis, bool is_new) {
  const Tensor& first = elements[0].tensor();
  const size_t rank = first.shape().size() + (is_new ? 1 : 0);
  if (rank > kMaxRank)
    return error(TN_UNSUPPORTED, "the result has ", rank, " dimensions, expected at most ", kMaxRank);
  TENON_ASSIGN_OR_RETURN(const size_t axis, resolve_axis(stated_axis, rank));
  CheckedSize length = 0;
  for (size_t i = 0; i < elements.size(); ++i) {
    const Tensor& tensor = elements[i].tensor();
    const bool is_alike = tensor.shape().size() == first.shape().size() &&
                          with_length(tensor.shape(), axis, 0, is_new) == with_length(first.shape(), axis, 0, is_new);
    if (!is_alike)
      return error(TN_INVALID_ARGUMENT, "element ", i, " is ", describe(tensor), ", which does not join ",
                   describe(first),
                   is_new ? " in a new dimension: expected one shape"
                          : concat(" in dimension ", axis, ": expected all others to be equal"));
    length = length + (is_new ? uint64_t{1} : static_cast<uint64_t>(tensor.shape()[axis]));
  }
  std::vector<int64_t> rest = with_length(first.shape(), axis, 0, is_new);
  rest.erase(rest.begin() + static_cast<ptrdiff_t>(axis));
  TENON_ASSIGN_OR_RETURN(const AxisLayout layout, axis_layout(first.dtype(), rest, axis));
  if (!length.fits(INT64_MAX)) return error(TN_INVALID_ARGUMENT, "the result does not count in 64 bits");
  std::vector<int64_t> shape = with_length(first.shape(), axis, static_cast<int64_t>(length.get().value_or(0)), is_new);
  const auto bytes = checked_byte_length(first.dtype(), shape).get();
  if (!bytes) return error(TN_INVALID_ARGUMENT, "the result does not count in 64 bits");
  TENON_RETURN_IF_ERROR(step.check_memory(*bytes));
  TENON_ASSIGN_OR_RETURN(Tensor joined, Tensor::allocate(first.dtype(), std::move(shape), Residence::kRuntime));
  int64_t at = 0;
  for (const RunValue& element : elements) {
    const std::vector<int64_t> dims =
        is_new ? with_length(element.tensor().shape(), axis, 1, true) : element.tensor().shape();
    tn_tensor view = element.tensor().abi_view(0);
    view.shape = dims.data();
    view.rank = static_cast<uint32_t>(rank);
    copy_slices({view, 0, dims[axis], joined, at}, axis, layout);
    at += dims[axis];
  }
  return joined;
}

}  // namespace

Status run_split_to_sequence(HostStep& step) {
  TENON_ASSIGN_OR_RETURN(RunValue whole, step.lasting_input(0));
  TENON_ASSIGN_OR_RETURN(const size_t axis,
                         resolve_axis(step.node().int_attribute("axis").value_or(0), whole.tensor().shape().size()));
  return Split(step, std::move(whole.tensor()), axis).run();
}

Status run_concat_from_sequence(HostStep& step) {
  TENON_ASSIGN_OR_RETURN(const RunValue* sequence, step.input_of_kind(0, Kind::kSequence));
  if (sequence->elements().empty() || !sequence->elements()[0].is_tensor())
    return error(TN_INVALID_ARGUMENT, "the input is ", describe(*sequence),
                 ", expected a sequence of tensors, at least one");
  TENON_ASSIGN_OR_RETURN(Tensor joined, join(step, sequence->elements(), step.node().int_attribute("axis").value_or(0),
                                             step.node().int_attribute("new_axis").value_or(0) != 0));
  return step.give(0, std::move(joined));
}

}  // namespace tenon::host
