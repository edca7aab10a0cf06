// Recognizes what people hand over by mistake in the place of an ONNX model, for a message that helps. Thread-safe.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace tenon::host {

/// What the bytes are instead and what to do; empty when they are of no format that is known by its first bytes.
std::string_view describe_foreign_format(std::span<const std::byte> bytes);

}  // namespace tenon::host
