#include "host/formats/ort/constant_nodes.h"

#include <algorithm>

namespace tenon::host::ort {
namespace {

template <typename T>
Result<Tensor> tensor_of(tn_dtype dtype, std::vector<int64_t> shape, std::span<const T> elements) {
  TENON_ASSIGN_OR_RETURN(Tensor tensor, Tensor::allocate(dtype, std::move(shape), Residence::kComputed));
  std::copy(elements.begin(), elements.end(), static_cast<T*>(tensor.mutable_data()));
  return tensor;
}

template <typename T>
std::vector<int64_t> length_of(const std::vector<T>& list) {
  return {static_cast<int64_t>(list.size())};
}

struct ToTensor {
  Result<Tensor> operator()(const Tensor& tensor) const { return tensor; }
  Result<Tensor> operator()(int64_t number) const { return tensor_of<int64_t>(TN_INT64, {}, std::span(&number, 1)); }
  Result<Tensor> operator()(float number) const { return tensor_of<float>(TN_FLOAT, {}, std::span(&number, 1)); }
  Result<Tensor> operator()(const std::vector<int64_t>& list) const {
    return tensor_of<int64_t>(TN_INT64, length_of(list), list);
  }
  Result<Tensor> operator()(const std::vector<float>& list) const {
    return tensor_of<float>(TN_FLOAT, length_of(list), list);
  }
  Result<Tensor> operator()(const std::string& text) const {
    return Tensor::from_strings({}, {text}, Residence::kComputed);
  }
  Result<Tensor> operator()(const std::vector<std::string>& list) const {
    return Tensor::from_strings(length_of(list), list, Residence::kComputed);
  }
  template <typename Other>
  Result<Tensor> operator()(const Other&) const {
    return error(TN_INVALID_MODEL, "its value is no tensor, number or text");
  }
};

}  // namespace

bool is_constant_node(const Node& node) {
  return node.domain.empty() && node.op_type == "Constant" && node.attributes.size() == 1;
}

Result<Tensor> constant_of(const Node& node) {
  auto tensor = std::visit(ToTensor(), node.attributes[0].payload);
  return tensor.is_ok() ? tensor : tensor.status().with_context(describe(node));
}

}  // namespace tenon::host::ort
