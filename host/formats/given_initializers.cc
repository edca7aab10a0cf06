#include "host/formats/given_initializers.h"

#include <algorithm>

#include "host/formats/tensor_bytes.h"

namespace tenon::host {
namespace {

Result<Tensor> placed(const Tensor& given) {
  if (given.dtype() == TN_STRING) return error(TN_UNSUPPORTED, "strings cannot be given");
  const std::span bytes(static_cast<const std::byte*>(given.data()), given.byte_length());
  TENON_ASSIGN_OR_RETURN(const uint64_t expected, bytes_needed(given.dtype(), given.shape()));
  return place_tensor({bytes, given.owner(), nullptr, "the caller's memory", 0}, given.dtype(), given.shape(),
                      expected);
}

// What is given, where a kernel can read it, for an initializer of this type and shape.
Result<Tensor> fitting(const NamedTensor& given, tn_dtype dtype, const std::vector<int64_t>& dims) {
  const Tensor& tensor = given.tensor;
  if (tensor.dtype() != dtype || tensor.shape() != dims)
    return error(TN_INVALID_ARGUMENT, "the initializer '", given.name, "' that is given is ", describe(tensor),
                 ", that of the model is ", dtype_name(dtype), " ", shape_text(dims));
  auto made = placed(tensor);
  if (made.is_ok()) return made;
  return error(TN_INVALID_ARGUMENT, "the initializer '", given.name, "' that is given: ", made.status().message());
}

}  // namespace

Result<std::optional<Tensor>> given_initializer(std::span<const NamedTensor> given, std::string_view name,
                                                tn_dtype dtype, const std::vector<int64_t>& dims) {
  const auto found = std::find_if(given.begin(), given.end(), [&](const NamedTensor& one) { return one.name == name; });
  if (found == given.end()) return std::optional<Tensor>();
  TENON_ASSIGN_OR_RETURN(Tensor made, fitting(*found, dtype, dims));
  return std::optional(std::move(made));
}

Status put_given_initializers(std::span<const NamedTensor> given, Graph& graph) {
  for (const NamedTensor& one : given) {
    Value* value = graph.find_value(one.name);
    const Tensor* stored = value != nullptr ? value->stored() : nullptr;
    if (stored == nullptr)
      return error(TN_INVALID_ARGUMENT, "the model has no initializer '", one.name, "' to give data for");
    TENON_ASSIGN_OR_RETURN(Tensor made, fitting(one, stored->dtype(), stored->shape()));
    (value->constant ? *value->constant : *value->default_value) = std::move(made);
  }
  return {};
}

}  // namespace tenon::host
