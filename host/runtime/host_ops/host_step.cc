#include "host/runtime/host_ops/host_step.h"

#include "host/base/checked.h"
#include "host/runtime/tensor_copy.h"

namespace tenon::host {
namespace {

Status check_scalar(const tn_tensor& tensor, tn_dtype dtype, const std::string& what) {
  const std::span<const int64_t> shape(tensor.shape, tensor.rank);
  if (tensor.dtype == static_cast<uint32_t>(dtype) && checked_element_count(shape).get() == 1u) return {};
  return error(TN_INVALID_ARGUMENT, what, " is ", dtype_name(tensor.dtype), " ", shape_text(shape), ", expected ",
               dtype_name(dtype), " with one element: reduce or cast it before this node");
}

// Of an element beside the bytes of its tensor.
constexpr uint64_t kElementBytes = sizeof(RunValue) + 64;

const char* kind_name(ValueType::Kind kind) {
  switch (kind) {
    case ValueType::Kind::kTensor: return "a tensor";
    case ValueType::Kind::kSequence: return "a sequence";
    case ValueType::Kind::kOptional: return "an optional";
    case ValueType::Kind::kMap: return "a map";
    case ValueType::Kind::kSparseTensor: return "a sparse tensor";
  }
  return "another kind";
}

}  // namespace

Tensor HostStep::view_of_input(size_t i) const {
  const tn_tensor& view = input(i);
  return Tensor(static_cast<tn_dtype>(view.dtype), {view.shape, view.shape + view.rank}, view.data, view.byte_length,
                nullptr, Residence::kBorrowed);
}

Result<const RunValue*> HostStep::input_of_kind(size_t i, ValueType::Kind kind) const {
  const RunValue& value = state_.slot(step_.inputs[i]).held;
  if (value.kind() == kind) return &value;
  return error(TN_INVALID_ARGUMENT, "input ", i, " is ", describe(borrowed_input(i)), ", expected ", kind_name(kind));
}

RunValue HostStep::borrowed_input(size_t i) const {
  const RunValue& value = state_.slot(step_.inputs[i]).held;
  return value.is_tensor() ? RunValue(view_of_input(i)) : value;
}

Result<RunValue> HostStep::taken_sequence(size_t i) {
  TENON_ASSIGN_OR_RETURN(const RunValue* sequence, input_of_kind(i, ValueType::Kind::kSequence));
  const uint32_t slot = step_.inputs[i];
  const Slot& facts = program_.slots[slot];
  // A value of an outer graph is lent once for all runs of a body.
  const bool is_lent = facts.value->graph != program_.graph;
  const bool is_last = facts.last_step == index_ && !facts.is_output && !is_lent;
  return is_last ? std::move(state_.slot(slot).held) : *sequence;
}

Result<RunValue> HostStep::lasting_input(size_t i) {
  RunValue value = state_.shared_and_charged(step_.inputs[i], execution_.meter);
  if (!value.is_tensor()) return value;
  TENON_ASSIGN_OR_RETURN(Tensor tensor, lasting(std::move(value.tensor())));
  return RunValue(std::move(tensor));
}

Result<Tensor> HostStep::lasting(Tensor tensor) const {
  if (tensor.owner() == nullptr) {
    TENON_RETURN_IF_ERROR(check_memory(tensor.byte_length()));
    TENON_ASSIGN_OR_RETURN(tensor, copy_of(tensor.abi_view(0)));
  }
  return tensor.residence() == Residence::kRuntime ? charged(tensor, execution_.meter) : tensor;
}

Result<bool> HostStep::truth_of(const tn_tensor& tensor, const std::string& what) {
  TENON_RETURN_IF_ERROR(check_scalar(tensor, TN_BOOL, what));
  return *static_cast<const uint8_t*>(tensor.data) != 0;
}

Result<int64_t> HostStep::number_of(const tn_tensor& tensor, const std::string& what) {
  TENON_RETURN_IF_ERROR(check_scalar(tensor, TN_INT64, what));
  return *static_cast<const int64_t*>(tensor.data);
}

Result<int64_t> HostStep::index_of(const tn_tensor& tensor, const std::string& what) {
  const auto dtype = tensor.dtype == TN_INT32 ? TN_INT32 : TN_INT64;
  TENON_RETURN_IF_ERROR(check_scalar(tensor, dtype, what));
  return index_at(tensor, 0, what);
}

Result<int64_t> HostStep::index_at(const tn_tensor& tensor, int64_t i, const std::string& what) {
  if (tensor.dtype == TN_INT32) return static_cast<const int32_t*>(tensor.data)[i];
  if (tensor.dtype == TN_INT64) return static_cast<const int64_t*>(tensor.data)[i];
  return error(TN_INVALID_ARGUMENT, what, " is ", dtype_name(tensor.dtype), ", expected int32 or int64");
}

Status HostStep::give(size_t output, RunValue value) {
  if (!is_wanted(output)) return {};
  const Value& port = *step_.output_values[output];
  value = as_declared(std::move(value), element_type(port.type));
  // Kernels were made for the type that the graph says.
  if (!fits(value.type(), element_type(port.type)))
    return error(TN_INVALID_MODEL, "output ", output, " ('", port.name, "') comes as ", describe(value),
                 step_.bodies.empty() ? "" : " from the subgraph", ", the graph expects ",
                 describe(element_type(port.type)), ": correct the declared types",
                 step_.bodies.empty() ? "" : " of the subgraph");
  const uint32_t slot = step_.outputs[output];
  if (value.is_tensor() && value.tensor().owner() == nullptr) {
    TENON_RETURN_IF_ERROR(check_memory(value.tensor().byte_length()));
    TENON_ASSIGN_OR_RETURN(value.tensor(), copy_of(value.tensor().abi_view(0)));
  }
  const bool is_counted = uncounted_bytes(value) == 0;
  state_.set_value(slot, std::move(value));
  if (!is_counted) state_.count(slot);
  return {};
}

Status HostStep::give_sequence(size_t output, RunValue sequence) {
  const size_t count = sequence.elements().size();
  TENON_RETURN_IF_ERROR(check_list(count));
  sequence.attach(charge(execution_.meter, count * kElementBytes));
  return give(output, std::move(sequence));
}

Status HostStep::check_list(uint64_t elements) const {
  const auto bytes = (CheckedSize(elements) * kElementBytes).get();
  if (!bytes) return error(TN_OUT_OF_MEMORY, "a sequence of ", elements, " elements does not fit into memory");
  return check_memory(*bytes);
}

uint64_t HostStep::uncounted_bytes(const RunValue& value) {
  const Tensor& tensor = value.tensor();
  return tensor.owner() == nullptr || is_charged(tensor) ? 0 : tensor.byte_length();
}

Status HostStep::check_memory(uint64_t bytes) const {
  const CheckedSize total = CheckedSize(execution_.fixed_bytes()) + state_.heap_bytes + held_bytes + bytes;
  if (total.fits(execution_.memory_limit)) return {};
  return error(TN_OUT_OF_MEMORY, "its results need ", bytes, " bytes more, which takes the run past its limit of ",
               execution_.memory_limit, " bytes: give smaller inputs or raise run_memory_limit_bytes");
}

}  // namespace tenon::host
