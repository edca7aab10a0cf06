#include "host/formats/onnx/wire_schema.h"

namespace tenon::host::onnx_wire {
namespace {

constexpr Field text(uint32_t number, const char* name) {
  return {number, name, Wire::kBytes};
}
constexpr Field integer(uint32_t number, const char* name) {
  return {number, name, Wire::kVarint};
}
constexpr Field repeated(uint32_t number, const char* name, Wire wire) {
  return {number, name, wire, Handling::kRepeated};
}
constexpr Field weight(uint32_t number, const char* name, Wire wire) {
  return {number, name, wire, Handling::kWeight};
}
constexpr Field message(uint32_t number, const char* name, Message child) {
  return {number, name, Wire::kBytes, Handling::kMessage, child};
}

constexpr Field kModel[] = {
    integer(1, "ir_version"),
    text(2, "producer_name"),
    text(3, "producer_version"),
    text(4, "domain"),
    integer(5, "model_version"),
    text(6, "doc_string"),
    message(7, "graph", Message::kGraph),
    message(8, "opset_import", Message::kOpset),
    message(14, "metadata_props", Message::kEntry),
    message(25, "functions", Message::kFunction),
};
constexpr Field kGraph[] = {
    message(1, "node", Message::kNode),
    text(2, "name"),
    message(5, "initializer", Message::kTensor),
    text(10, "doc_string"),
    message(11, "input", Message::kValueInfo),
    message(12, "output", Message::kValueInfo),
    message(13, "value_info", Message::kValueInfo),
    message(15, "sparse_initializer", Message::kSparseTensor),
};
constexpr Field kNode[] = {
    text(1, "input"),
    text(2, "output"),
    text(3, "name"),
    text(4, "op_type"),
    message(5, "attribute", Message::kAttribute),
    text(7, "domain"),
    text(8, "overload"),
};
constexpr Field kAttribute[] = {
    text(1, "name"),
    {2, "f", Wire::kFixed32},
    integer(3, "i"),
    text(4, "s"),
    message(5, "t", Message::kTensor),
    message(6, "g", Message::kGraph),
    repeated(7, "floats", Wire::kFixed32),
    repeated(8, "ints", Wire::kVarint),
    text(9, "strings"),
    message(10, "tensors", Message::kTensor),
    message(11, "graphs", Message::kGraph),
    message(14, "tp", Message::kType),
    message(15, "type_protos", Message::kType),
    integer(20, "type"),
    text(21, "ref_attr_name"),
    message(22, "sparse_tensor", Message::kSparseTensor),
    message(23, "sparse_tensors", Message::kSparseTensor),
};
constexpr Field kTensor[] = {
    repeated(1, "dims", Wire::kVarint),
    integer(2, "data_type"),
    message(3, "segment", Message::kSegment),
    weight(4, "float_data", Wire::kFixed32),
    repeated(5, "int32_data", Wire::kVarint),
    text(6, "string_data"),
    repeated(7, "int64_data", Wire::kVarint),
    text(8, "name"),
    weight(9, "raw_data", Wire::kBytes),
    weight(10, "double_data", Wire::kFixed64),
    repeated(11, "uint64_data", Wire::kVarint),
    message(13, "external_data", Message::kEntry),
    integer(14, "data_location"),
};
constexpr Field kSparseTensor[] = {
    message(1, "values", Message::kTensor),
    message(2, "indices", Message::kTensor),
    repeated(3, "dims", Wire::kVarint),
};
constexpr Field kSegment[] = {integer(1, "begin"), integer(2, "end")};
constexpr Field kFunction[] = {
    text(1, "name"),
    text(4, "input"),
    text(5, "output"),
    text(6, "attribute"),
    message(7, "node", Message::kNode),
    message(9, "opset_import", Message::kOpset),
    text(10, "domain"),
    message(11, "attribute_proto", Message::kAttribute),
    text(13, "overload"),
};
constexpr Field kValueInfo[] = {text(1, "name"), message(2, "type", Message::kType)};
constexpr Field kType[] = {
    message(1, "tensor_type", Message::kTensorType),
    message(4, "sequence_type", Message::kWrappedType),
    message(5, "map_type", Message::kMapType),
    message(7, "opaque_type", Message::kOpaqueType),
    message(8, "sparse_tensor_type", Message::kTensorType),
    message(9, "optional_type", Message::kWrappedType),
};
constexpr Field kTensorType[] = {integer(1, "elem_type"), message(2, "shape", Message::kShape)};
constexpr Field kWrappedType[] = {message(1, "elem_type", Message::kType)};
constexpr Field kMapType[] = {integer(1, "key_type"), message(2, "value_type", Message::kType)};
constexpr Field kOpaqueType[] = {text(1, "domain"), text(2, "name")};
constexpr Field kShape[] = {message(1, "dim", Message::kDimension)};
constexpr Field kDimension[] = {integer(1, "dim_value"), text(2, "dim_param"), text(3, "denotation")};
constexpr Field kEntry[] = {text(1, "key"), text(2, "value")};
constexpr Field kOpset[] = {text(1, "domain"), integer(2, "version")};

}  // namespace

std::span<const Field> fields_of(Message message) {
  switch (message) {
    case Message::kModel: return kModel;
    case Message::kGraph: return kGraph;
    case Message::kNode: return kNode;
    case Message::kAttribute: return kAttribute;
    case Message::kTensor: return kTensor;
    case Message::kSparseTensor: return kSparseTensor;
    case Message::kSegment: return kSegment;
    case Message::kFunction: return kFunction;
    case Message::kValueInfo: return kValueInfo;
    case Message::kType: return kType;
    case Message::kTensorType: return kTensorType;
    case Message::kWrappedType: return kWrappedType;
    case Message::kMapType: return kMapType;
    case Message::kOpaqueType: return kOpaqueType;
    case Message::kShape: return kShape;
    case Message::kDimension: return kDimension;
    case Message::kEntry: return kEntry;
    case Message::kOpset: return kOpset;
  }
  return {};
}

const Field* find_field(Message message, uint32_t number) {
  for (const Field& field : fields_of(message))
    if (field.number == number) return &field;
  return nullptr;
}

}  // namespace tenon::host::onnx_wire
