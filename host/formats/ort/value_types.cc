#include "host/formats/ort/value_types.h"

#include "host/formats/tensor_bytes.h"

namespace tenon::host::ort {
namespace {

namespace file = ort_file;
using Builder = flatbuffers::FlatBufferBuilder;

constexpr std::string_view kOptional = "tenon.optional";
constexpr std::string_view kSparse = "tenon.sparse";
constexpr std::string_view kProven = "tenon.proven";

Result<Dim> read_dimension(const file::Dimension* dimension) {
  Dim dim;
  const file::DimensionValue* value = dimension != nullptr ? dimension->value() : nullptr;
  if (value == nullptr) return dim;
  if (value->kind() == file::DimensionKind::VALUE) {
    if (value->value() < -1)
      return error(TN_INVALID_MODEL, "a dimension is ", value->value(), ", expected 0 or more: the file is damaged");
    dim.value = value->value();
  } else if (value->kind() == file::DimensionKind::PARAM) {
    dim.symbol = text(value->param());
  }
  return dim;
}

Result<ValueType> read_tensor_type(const file::TensorTypeAndShape& tensor) {
  ValueType type;
  if (tensor.elem_type() != TN_UNDEFINED) {
    TENON_ASSIGN_OR_RETURN(type.dtype, read_element_type(tensor.elem_type()));
  }
  if (tensor.shape() == nullptr) return type;
  type.dims.emplace();
  if (tensor.shape()->dims() == nullptr) return type;
  type.dims->reserve(tensor.shape()->dims()->size());
  for (const file::Dimension* dimension : *tensor.shape()->dims()) {
    TENON_ASSIGN_OR_RETURN(Dim dim, read_dimension(dimension));
    type.dims->push_back(std::move(dim));
  }
  return type;
}

// A sequence or a map keeps the type of the tensors that it holds in the end.
Result<ValueType> read_wrapped_type(const file::TypeInfo* element, ValueType::Kind kind) {
  ValueType type;
  if (element != nullptr) {
    TENON_ASSIGN_OR_RETURN(type, read_type(*element));
  }
  type.held = type.kind;
  type.kind = kind;
  return type;
}

flatbuffers::Offset<file::Dimension> write_dimension(Builder& builder, const Dim& dim) {
  const auto param = dim.value < 0 && !dim.symbol.empty() ? builder.CreateSharedString(dim.symbol)
                                                          : flatbuffers::Offset<flatbuffers::String>();
  const auto kind = dim.value >= 0        ? file::DimensionKind::VALUE
                    : !dim.symbol.empty() ? file::DimensionKind::PARAM
                                          : file::DimensionKind::UNKNOWN;
  return file::CreateDimension(builder,
                               file::CreateDimensionValue(builder, kind, std::max<int64_t>(dim.value, 0), param));
}

flatbuffers::Offset<file::TypeInfo> write_info(Builder& builder, file::TypeInfoValue tag,
                                               flatbuffers::Offset<void> value, std::string_view denotation) {
  const auto label = denotation.empty() ? flatbuffers::Offset<flatbuffers::String>()
                                        : builder.CreateSharedString(denotation.data(), denotation.size());
  return file::CreateTypeInfo(builder, label, tag, value);
}

flatbuffers::Offset<file::TypeInfo> write_tensor(Builder& builder, const ValueType& type, std::string_view denotation) {
  flatbuffers::Offset<file::Shape> shape;
  if (type.dims) {
    std::vector<flatbuffers::Offset<file::Dimension>> dims;
    for (const Dim& dim : *type.dims) dims.push_back(write_dimension(builder, dim));
    shape = file::CreateShape(builder, builder.CreateVector(dims));
  }
  const auto tensor = file::CreateTensorTypeAndShape(builder, static_cast<int32_t>(type.dtype), shape);
  return write_info(builder, file::TypeInfoValue::tensor_type, tensor.Union(), denotation);
}

// `held`: what a sequence or an optional of this kind holds, tensors in the end.
flatbuffers::Offset<file::TypeInfo> write_kind(Builder& builder, const ValueType& type, ValueType::Kind kind,
                                               ValueType::Kind held, std::string_view denotation) {
  switch (kind) {
    case ValueType::Kind::kTensor: return write_tensor(builder, type, denotation);
    case ValueType::Kind::kSparseTensor: return write_tensor(builder, type, kSparse);
    case ValueType::Kind::kOptional: return write_kind(builder, type, held, ValueType::Kind::kTensor, kOptional);
    case ValueType::Kind::kSequence: {
      const auto element = write_kind(builder, type, held, ValueType::Kind::kTensor, {});
      const auto sequence = file::CreateSequenceType(builder, element);
      return write_info(builder, file::TypeInfoValue::sequence_type, sequence.Union(), denotation);
    }
    case ValueType::Kind::kMap: {
      const auto map = file::CreateMapType(builder, static_cast<int32_t>(type.key), write_tensor(builder, type, {}));
      return write_info(builder, file::TypeInfoValue::map_type, map.Union(), denotation);
    }
  }
  return {};
}

}  // namespace

Result<ValueType> read_type(const file::TypeInfo& info) {
  ValueType type;
  if (const auto* tensor = info.value_as_tensor_type()) {
    TENON_ASSIGN_OR_RETURN(type, read_tensor_type(*tensor));
    if (text(info.denotation()) == kSparse) type.kind = ValueType::Kind::kSparseTensor;
    type.is_proven = text(info.denotation()) == kProven && type.dims.has_value();
  } else if (const auto* sequence = info.value_as_sequence_type()) {
    TENON_ASSIGN_OR_RETURN(type, read_wrapped_type(sequence->elem_type(), ValueType::Kind::kSequence));
  } else if (const auto* map = info.value_as_map_type()) {
    TENON_ASSIGN_OR_RETURN(type, read_wrapped_type(map->value_type(), ValueType::Kind::kMap));
    if (map->key_type() != TN_UNDEFINED) {
      TENON_ASSIGN_OR_RETURN(type.key, read_element_type(map->key_type()));
    }
  }
  if (text(info.denotation()) == kOptional) {
    type.held = type.kind;
    type.kind = ValueType::Kind::kOptional;
  }
  return type;
}

flatbuffers::Offset<file::TypeInfo> write_type(Builder& builder, const ValueType& type) {
  if (type.kind == ValueType::Kind::kTensor && type.dtype == TN_UNDEFINED && !type.dims) return {};
  const bool is_proven = type.is_proven && type.kind == ValueType::Kind::kTensor;
  return write_kind(builder, type, type.kind, type.held, is_proven ? kProven : std::string_view());
}

}  // namespace tenon::host::ort
