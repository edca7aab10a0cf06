#include "host/formats/onnx/type_reader.h"

#include "host/formats/onnx/tensor_reader.h"

namespace tenon::host {
namespace {

Result<std::vector<Dim>> read_shape(const onnx::TensorShapeProto& proto) {
  std::vector<Dim> dims(static_cast<size_t>(proto.dim_size()));
  for (int i = 0; i < proto.dim_size(); ++i) {
    const auto& dim = proto.dim(i);
    // Some exporters write -1 for what is not known.
    if (dim.has_dim_value() && dim.dim_value() < -1)
      return error(TN_INVALID_MODEL, "dimension ", i, " is ", dim.dim_value(),
                   ", expected 0 or more, or a name or -1 for an unknown one");
    if (dim.has_dim_value()) dims[static_cast<size_t>(i)].value = dim.dim_value();
    if (dim.has_dim_param()) dims[static_cast<size_t>(i)].symbol = dim.dim_param();
  }
  return dims;
}

template <typename TensorType>
Result<ValueType> read_tensor_type(const TensorType& proto, ValueType::Kind kind) {
  ValueType type;
  type.kind = kind;
  TENON_ASSIGN_OR_RETURN(type.dtype, read_element_type(proto.elem_type()));
  if (proto.has_shape()) {
    TENON_ASSIGN_OR_RETURN(type.dims, read_shape(proto.shape()));
  }
  return type;
}

// A sequence or an optional keeps the type of the tensors that it holds in the end.
Result<ValueType> read_wrapped_type(const onnx::TypeProto& element, ValueType::Kind kind) {
  TENON_ASSIGN_OR_RETURN(ValueType type, read_type(element));
  type.held = type.kind;
  type.kind = kind;
  return type;
}

Result<ValueType> read_map_type(const onnx::TypeProto::Map& proto) {
  TENON_ASSIGN_OR_RETURN(ValueType type, read_wrapped_type(proto.value_type(), ValueType::Kind::kMap));
  TENON_ASSIGN_OR_RETURN(type.key, read_element_type(proto.key_type()));
  return type;
}

}  // namespace

Result<ValueType> read_type(const onnx::TypeProto& proto) {
  switch (proto.value_case()) {
    case onnx::TypeProto::kTensorType: return read_tensor_type(proto.tensor_type(), ValueType::Kind::kTensor);
    case onnx::TypeProto::kSparseTensorType:
      return read_tensor_type(proto.sparse_tensor_type(), ValueType::Kind::kSparseTensor);
    case onnx::TypeProto::kSequenceType:
      return read_wrapped_type(proto.sequence_type().elem_type(), ValueType::Kind::kSequence);
    case onnx::TypeProto::kOptionalType:
      return read_wrapped_type(proto.optional_type().elem_type(), ValueType::Kind::kOptional);
    case onnx::TypeProto::kMapType: return read_map_type(proto.map_type());
    case onnx::TypeProto::kOpaqueType:
      return error(TN_UNSUPPORTED, "its type is the opaque '", proto.opaque_type().name(),
                   "': only tensors, sequences, optionals and maps are known");
    case onnx::TypeProto::VALUE_NOT_SET: break;
  }
  return ValueType();
}

}  // namespace tenon::host
