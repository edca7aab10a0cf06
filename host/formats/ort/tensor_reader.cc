// Tensor tables to tensors: GraphReader's part for the data of initializers and attributes.
#include "host/base/checked.h"
#include "host/base/dtype.h"
#include "host/formats/ort/graph_reader.h"
#include "host/formats/ort/value_types.h"
#include "host/formats/tensor_bytes.h"

namespace tenon::host::ort {

Result<Tensor> GraphReader::read_tensor(const ort_file::Tensor* source) {
  if (source == nullptr) return error(TN_INVALID_MODEL, "it holds no tensor: the file is damaged");
  TENON_ASSIGN_OR_RETURN(const tn_dtype dtype, read_element_type(source->data_type()));
  std::vector<int64_t> dims = copy_numbers(source->dims());
  TENON_RETURN_IF_ERROR(budget_.charge(sizeof(Tensor) + dims.size() * sizeof(int64_t)));
  TENON_ASSIGN_OR_RETURN(const uint64_t expected, bytes_needed(dtype, dims));
  if (source->external_data_offset() >= 0) {
    if (options_.outside)
      return options_.outside(std::string(text(source->name())), dtype, std::move(dims),
                              source->external_data_offset());
    return error(TN_UNSUPPORTED, "its data are external, at offset ", source->external_data_offset(),
                 " of another file: convert the model to .ort again with the data inside, or use the .onnx model");
  }
  if (dtype == TN_STRING) return read_strings(*source, std::move(dims), expected);
  TensorBytes data{{}, owner_, options_.mapping, "raw_data", 0};
  if (const auto* raw = source->raw_data()) {
    data.bytes = std::as_bytes(std::span(raw->data(), raw->size()));
    data.offset = static_cast<uint64_t>(data.bytes.data() - bytes_.data());
  }
  // A copy is paid for: many tensors can share one run of misaligned bytes.
  TENON_ASSIGN_OR_RETURN(Tensor tensor, place_tensor(data, dtype, std::move(dims), expected));
  if (tensor.residence() == Residence::kCopied) TENON_RETURN_IF_ERROR(budget_.charge(expected));
  return tensor;
}

Result<Tensor> GraphReader::read_strings(const ort_file::Tensor& source, std::vector<int64_t> dims, uint64_t expected) {
  const auto* strings = source.string_data();
  const uint64_t found = strings != nullptr ? strings->size() : 0;
  if (found != expected / sizeof(tn_str))
    return error(TN_INVALID_MODEL, "string_data holds ", found, " strings, expected ", expected / sizeof(tn_str),
                 " for ", shape_text(dims), ": the file is damaged, or its converter wrote wrong dims");
  std::vector<std::string> copies;
  copies.reserve(found);
  for (uint32_t i = 0; i < found; ++i) {
    const std::string_view string = text(strings->Get(i));
    TENON_RETURN_IF_ERROR(budget_.charge(sizeof(std::string) + sizeof(tn_str) + string.size()));
    copies.emplace_back(string);
  }
  return Tensor::from_strings(std::move(dims), std::move(copies), Residence::kCopied);
}

Result<Tensor> GraphReader::read_sparse(const ort_file::SparseTensor& source) {
  auto values = read_tensor(source.values());
  if (!values.is_ok()) return values.status().with_context("values");
  auto indices = read_tensor(source.indices());
  if (!indices.is_ok()) return indices.status().with_context("indices");
  return make_dense(*values, *indices, copy_numbers(source.dims()), dense_budget_);
}

}  // namespace tenon::host::ort
