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

}  // namespace

Tensor HostStep::view_of_input(size_t i) const {
  const tn_tensor& view = input(i);
  return Tensor(static_cast<tn_dtype>(view.dtype), {view.shape, view.shape + view.rank}, view.data, view.byte_length,
                nullptr, Residence::kBorrowed);
}

Result<bool> HostStep::truth_of(const tn_tensor& tensor, const std::string& what) {
  TENON_RETURN_IF_ERROR(check_scalar(tensor, TN_BOOL, what));
  return *static_cast<const uint8_t*>(tensor.data) != 0;
}

Result<int64_t> HostStep::number_of(const tn_tensor& tensor, const std::string& what) {
  TENON_RETURN_IF_ERROR(check_scalar(tensor, TN_INT64, what));
  return *static_cast<const int64_t*>(tensor.data);
}

Status HostStep::give(size_t output, Tensor tensor) {
  if (!is_wanted(output)) return {};
  const Value& value = *step_.output_values[output];
  // Kernels were made for the type that the graph says.
  if (value.type.dtype != TN_UNDEFINED && value.type.dtype != tensor.dtype())
    return error(TN_INVALID_MODEL, "output ", output, " ('", value.name, "') comes as ", describe(tensor),
                 " from the subgraph, the graph expects ", dtype_name(value.type.dtype),
                 ": correct the declared types of the subgraph");
  if (tensor.owner() == nullptr) {
    TENON_RETURN_IF_ERROR(check_memory(tensor.byte_length()));
    TENON_ASSIGN_OR_RETURN(tensor, copy_of(tensor.abi_view(0)));
  }
  state_.heap_bytes += tensor.byte_length();
  state_.set_tensor(step_.outputs[output], std::move(tensor));
  return {};
}

Status HostStep::check_memory(uint64_t bytes) const {
  const CheckedSize total = CheckedSize(execution_.fixed_bytes()) + state_.heap_bytes + held_bytes + bytes;
  if (total.fits(execution_.memory_limit)) return {};
  return error(TN_OUT_OF_MEMORY, "its results need ", bytes, " bytes more, which takes the run past its limit of ",
               execution_.memory_limit, " bytes: give smaller inputs or raise run_memory_limit_bytes");
}

}  // namespace tenon::host
