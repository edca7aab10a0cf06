// Walks the protobuf wire format of a model and separates structure from weights: the skeleton is the same message,
// small, with an index in the place of each tensor's bytes. Reads every byte of structure once, none of the weights.
// Memory is bounded by a small multiple of the input's size. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/formats/onnx/wire_schema.h"

namespace tenon::host::onnx_wire {

constexpr int kMaxSubgraphDepth = 24;
constexpr int kMaxMessageDepth = 120;  // of any message, subgraphs included

/// Where the bytes of a tensor lie in the input.
struct WeightSpan {
  uint64_t offset = 0;
  uint64_t length = 0;
};

/// In the message each run of raw_data, float_data and double_data is an index into `weights`: eight bytes,
/// little-endian, which are two floats or one double to who reads them so.
struct Skeleton {
  std::string message;
  std::vector<WeightSpan> weights;  // within the input
};

/// `root`: what the input is, kModel or kTensor. TN_INVALID_MODEL names the byte and the field.
Result<Skeleton> walk(std::span<const std::byte> input, Message root);

}  // namespace tenon::host::onnx_wire
