// The messages and fields of ONNX that the importer keeps, as one table: the walker knows the format by it. Fields that
// are not listed are skipped without being parsed. Constant data, thread-safe.
#pragma once

#include <cstdint>
#include <span>

namespace tenon::host::onnx_wire {

enum class Message : uint8_t {
  kModel,
  kGraph,
  kNode,
  kAttribute,
  kTensor,
  kSparseTensor,
  kSegment,
  kFunction,
  kValueInfo,
  kType,
  kTensorType,
  kWrappedType,  // sequence and optional
  kMapType,
  kOpaqueType,
  kShape,
  kDimension,
  kEntry,
  kOpset
};

/// Wire types of protobuf's encoding.
enum class Wire : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

enum class Handling : uint8_t {
  kKeep,      // copied as it is
  kRepeated,  // copied as it is; may also be packed into one run of bytes
  kMessage,   // walked
  kWeight     // each run of bytes is replaced by the index of its span
};

struct Field {
  uint32_t number;
  const char* name;
  Wire wire;
  Handling handling = Handling::kKeep;
  Message child = Message::kModel;  // of kMessage
};

std::span<const Field> fields_of(Message message);
/// nullptr for a field that is not kept.
const Field* find_field(Message message, uint32_t number);

}  // namespace tenon::host::onnx_wire
