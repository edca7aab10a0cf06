// Packs and stores for the tests of this folder.
#pragma once

#include <catch2/catch.hpp>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "host/storage/pack/pack_store.h"
#include "host/storage/pack/pack_writer.h"
#include "tests/support/temp_folder.h"

namespace tenon::test {

inline std::vector<std::byte> pattern(size_t size, unsigned seed) {
  std::vector<std::byte> bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>((i * 31 + i / 251 + seed * 97) & 0xff);
  return bytes;
}

inline bool same_bytes(std::span<const std::byte> a, std::span<const std::byte> b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}

inline std::span<const std::byte> bytes_of_text(std::string_view text) {
  return std::as_bytes(std::span(text));
}

/// What a sample pack holds.
struct PackSample {
  std::string key = "source=/models/a.onnx\nversion=1\n";
  std::vector<std::vector<std::byte>> blobs{pattern(100, 1), pattern(0, 2), pattern(4097, 3)};
  std::string plan = "the plan of the session";
};

inline host::Status fill(host::PackWriter& writer, const PackSample& sample) {
  for (size_t i = 0; i < sample.blobs.size(); ++i) {
    const auto index = writer.add_blob(sample.blobs[i].size(), i == 2 ? 4096 : 64, "packed " + std::to_string(i));
    if (!index.is_ok()) return index.status();
    TENON_RETURN_IF_ERROR(writer.write_blob(*index, sample.blobs[i]));
  }
  return writer.add_section("plan", bytes_of_text(sample.plan));
}

inline host::Status write_pack(const std::filesystem::path& path, const PackSample& sample) {
  TENON_ASSIGN_OR_RETURN(auto writer, host::PackWriter::create(path.parent_path(), sample.key));
  TENON_RETURN_IF_ERROR(fill(*writer, sample));
  return writer->publish(path);
}

inline host::Result<std::shared_ptr<const host::PackFile>> build(host::PackStore& store, const PackSample& sample) {
  TENON_ASSIGN_OR_RETURN(auto writer, store.create(sample.key));
  TENON_RETURN_IF_ERROR(fill(*writer, sample));
  return store.publish(std::move(writer), sample.key);
}

inline bool holds(const host::PackFile& pack, const PackSample& sample) {
  if (pack.key() != sample.key || pack.blob_count() != sample.blobs.size()) return false;
  for (size_t i = 0; i < sample.blobs.size(); ++i)
    if (!same_bytes(pack.blob(i), sample.blobs[i]) || pack.blob_label(i) != "packed " + std::to_string(i)) return false;
  return same_bytes(pack.section("plan"), bytes_of_text(sample.plan));
}

inline std::unique_ptr<host::PackStore> open_store(const std::filesystem::path& folder, uint64_t max_bytes = 0) {
  host::PackStoreOptions options;
  options.folder = folder;
  options.max_bytes = max_bytes;
  auto store = host::PackStore::open(options, false);
  REQUIRE(store.status().message() == "");
  return std::move(*store);
}

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline std::vector<std::filesystem::path> files_below(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (!entry.is_directory()) files.push_back(entry.path());
  return files;
}

}  // namespace tenon::test
