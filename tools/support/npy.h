// NumPy .npy files, read and written: little-endian, row-major, numbers, bools, complex and unicode strings.
// Thread-safe.
#pragma once

#include <filesystem>
#include <tenon/tenon.hpp>

namespace tenon::tools {

/// Reads an array into memory of its own. TENON_INVALID_ARGUMENT for what a tensor cannot hold (Fortran order,
/// big-endian, objects), TENON_NOT_FOUND for a missing file.
Tensor read_npy(const std::filesystem::path& path);

/// Writes a tensor. Types that numpy lacks (bfloat16, 8-bit floats) are written as raw bytes ("|V2"); packed 4-bit and
/// 2-bit types are TENON_UNSUPPORTED.
void write_npy(const std::filesystem::path& path, const ResultView& tensor);

}  // namespace tenon::tools
