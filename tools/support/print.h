// Tensors and sizes for people to read. Thread-safe.
#pragma once

#include <cstdint>
#include <string>

#include "host/graph/tensor.h"

namespace tenon::tools {

/// The five largest of a 1 x N tensor of floats with their positions, else the first values and the range.
std::string digest(const host::Tensor& tensor);
/// "24.6 KiB", "98 B".
std::string byte_text(uint64_t bytes);

}  // namespace tenon::tools
