#include "host/formats/onnx/value_reader.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "host/base/exceptions.h"
#include "host/formats/onnx/importer.h"
#include "host/formats/onnx/onnx_proto.h"
#include "host/storage/file_mapping.h"

namespace tenon::host {
namespace {

using Kind = ValueType::Kind;

Result<RunValue> read_tensor(const onnx::TensorProto& proto) {
  const std::string bytes = proto.SerializeAsString();
  TENON_ASSIGN_OR_RETURN(Tensor tensor, read_tensor_bytes(std::as_bytes(std::span(bytes))));
  return RunValue(std::move(tensor));
}

// The keys and values of a map, one tensor each.
Result<RunValue> read_map(const onnx::MapProto& proto) {
  std::vector<int64_t> shape = {proto.string_keys_size() > 0 ? proto.string_keys_size() : proto.keys_size()};
  std::vector<std::string> words(proto.string_keys().begin(), proto.string_keys().end());
  const bool has_words = !words.empty() || proto.key_type() == onnx::TensorProto::STRING;
  auto keys = has_words ? Tensor::from_strings(shape, std::move(words), Residence::kCopied)
                        : Tensor::allocate(TN_INT64, shape, Residence::kCopied, "read");
  if (!keys.is_ok()) return keys.status();
  if (!has_words) std::copy(proto.keys().begin(), proto.keys().end(), static_cast<int64_t*>(keys->mutable_data()));
  std::vector<Tensor> values;
  for (const onnx::TensorProto& value : proto.values().tensor_values()) {
    TENON_ASSIGN_OR_RETURN(RunValue tensor, read_tensor(value));
    if (tensor.tensor().element_count() != 1 || (!values.empty() && tensor.tensor().dtype() != values[0].dtype()))
      return error(TN_UNSUPPORTED, "a value of the map is ", describe(tensor), ", expected scalars of one type");
    values.push_back(std::move(tensor.tensor()));
  }
  if (static_cast<int64_t>(values.size()) != shape[0])
    return error(TN_INVALID_MODEL, "a map has ", shape[0], " keys and ", values.size(), " values");
  const tn_dtype dtype = values.empty() ? TN_FLOAT : values[0].dtype();
  TENON_ASSIGN_OR_RETURN(Tensor joined, Tensor::allocate(dtype, shape, Residence::kCopied, "read"));
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t width = values[i].byte_length();
    if (dtype == TN_STRING) {
      joined.set_string(static_cast<int64_t>(i), values[i].string_at(0));
    } else {
      std::memcpy(static_cast<std::byte*>(joined.mutable_data()) + i * width, values[i].data(), width);
    }
  }
  return RunValue::map(std::move(*keys), std::move(joined));
}

Result<RunValue> read_sequence(const onnx::SequenceProto& proto, const ElementType& element) {
  std::vector<RunValue> elements;
  for (const onnx::TensorProto& tensor : proto.tensor_values()) {
    TENON_ASSIGN_OR_RETURN(RunValue value, read_tensor(tensor));
    elements.push_back(std::move(value));
  }
  for (const onnx::MapProto& map : proto.map_values()) {
    TENON_ASSIGN_OR_RETURN(RunValue value, read_map(map));
    elements.push_back(std::move(value));
  }
  return RunValue::sequence(elements.empty() ? element : elements[0].type(), std::move(elements));
}

Result<RunValue> read_optional(const onnx::OptionalProto& proto, const ElementType& held) {
  if (proto.has_tensor_value()) {
    TENON_ASSIGN_OR_RETURN(RunValue value, read_tensor(proto.tensor_value()));
    return RunValue::optional(std::move(value));
  }
  if (proto.has_sequence_value()) {
    TENON_ASSIGN_OR_RETURN(RunValue value, read_sequence(proto.sequence_value(), held_type(held)));
    return RunValue::optional(std::move(value));
  }
  if (proto.has_map_value()) {
    TENON_ASSIGN_OR_RETURN(RunValue value, read_map(proto.map_value()));
    return RunValue::optional(std::move(value));
  }
  return RunValue::empty_optional(held);
}

template <typename Proto>
Result<Proto> parsed(std::span<const std::byte> bytes, const char* name) {
  Proto proto;
  if (bytes.size() <= INT32_MAX && proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return proto;
  return error(TN_INVALID_MODEL, "it holds no ", name, ": expected a serialized one, as in the data sets of ONNX");
}

Result<RunValue> read_bytes(std::span<const std::byte> bytes, const ElementType& type) {
  switch (type.kind) {
    case Kind::kSequence: {
      TENON_ASSIGN_OR_RETURN(const auto proto, parsed<onnx::SequenceProto>(bytes, "SequenceProto"));
      return read_sequence(proto, held_type(type));
    }
    case Kind::kOptional: {
      TENON_ASSIGN_OR_RETURN(const auto proto, parsed<onnx::OptionalProto>(bytes, "OptionalProto"));
      return read_optional(proto, held_type(type));
    }
    case Kind::kMap: {
      TENON_ASSIGN_OR_RETURN(const auto proto, parsed<onnx::MapProto>(bytes, "MapProto"));
      return read_map(proto);
    }
    default: break;
  }
  TENON_ASSIGN_OR_RETURN(Tensor tensor, read_tensor_bytes(bytes));
  return RunValue(std::move(tensor));
}

}  // namespace

Result<RunValue> read_value_proto(const std::filesystem::path& path, const ValueType& type) {
  TENON_ASSIGN_OR_RETURN(const auto mapping, FileMapping::open(path));
  auto value = guarded([&] { return read_bytes(mapping->bytes(), element_type(type)); });
  TENON_RETURN_IF_ERROR(mapping->check_intact());
  if (!value.is_ok()) return value.status().with_context(path.string());
  return value;
}

}  // namespace tenon::host
