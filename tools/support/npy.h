// NumPy .npy files, read and written: little-endian, row-major, numbers, bools, complex and unicode strings.
// Thread-safe.
#pragma once

#include <filesystem>

#include "host/base/status.h"
#include "host/graph/tensor.h"

namespace tenon::tools {

/// Reads an array into memory of its own. TN_INVALID_ARGUMENT for what a tensor cannot hold (Fortran order, big-endian,
/// objects), TN_NOT_FOUND for a missing file.
host::Result<host::Tensor> read_npy(const std::filesystem::path& path);

/// Writes a tensor. Types that numpy lacks (bfloat16, 8-bit floats) are written as raw bytes ("|V2"); packed 4-bit and
/// 2-bit types are TN_UNSUPPORTED.
host::Status write_npy(const std::filesystem::path& path, const host::Tensor& tensor);

}  // namespace tenon::tools
