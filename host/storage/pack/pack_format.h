// The bytes of a pack file, without the file: header and contents table, to and from memory. Nothing read here is
// trusted: checksums first, then the FlatBuffers verifier, then every offset and length. Thread-safe.
//
// Layout: a header of 128 bytes; blobs and sections, each aligned; the contents table (tpack.fbs) last. Little-endian.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/storage/digest.h"

namespace tenon::host {

constexpr uint32_t kPackFormatVersion = 1;
constexpr size_t kPackHeaderBytes = 128;
constexpr uint32_t kPackMinAlignment = 64, kPackMaxAlignment = 4096;
constexpr uint64_t kPackMaxContentsBytes = uint64_t{64} << 20;
constexpr size_t kPackMaxKeyBytes = size_t{1} << 20;
constexpr size_t kPackMaxLabelBytes = 1024;

/// A part of a pack file.
struct PackRange {
  uint64_t offset = 0, length = 0;
  Digest checksum;
};

struct PackHeader {
  uint64_t file_length = 0;
  PackRange contents;
};

struct PackContents {
  struct Blob {
    PackRange range;
    uint32_t alignment = kPackMinAlignment;
    std::string label;
  };
  struct Section {
    std::string name;
    PackRange range;
  };
  std::string key;
  std::vector<Blob> blobs;
  std::vector<Section> sections;
};

std::array<std::byte, kPackHeaderBytes> encode_pack_header(const PackHeader& header);
/// The contents table as a FlatBuffer.
std::vector<std::byte> encode_pack_contents(const PackContents& contents);

/// Whether `file` begins as a pack file does; says nothing of the rest.
bool begins_as_pack(std::span<const std::byte> file);

/// Verifies header and contents table of `file`, a whole pack file that begins at a multiple of 4096 in memory, and the
/// bytes of every section. After success every range lies in the file and every offset is aligned. TN_INVALID_MODEL, or
/// TN_UNSUPPORTED for another format version.
Result<PackContents> parse_pack(std::span<const std::byte> file);

/// The bytes of a range that parse_pack() gave.
inline std::span<const std::byte> bytes_of(const PackRange& range, std::span<const std::byte> file) {
  return file.subspan(static_cast<size_t>(range.offset), static_cast<size_t>(range.length));
}

}  // namespace tenon::host
