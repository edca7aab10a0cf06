#include "host/storage/pack/pack_format.h"

#include <bit>
#include <cstring>
#include <set>

#include "host/base/checked.h"
#include "host/storage/pack/tpack_generated.h"

namespace tenon::host {
namespace {

// The first byte is no text, the line ends show a transfer that rewrote them.
constexpr std::array<unsigned char, 8> kPackMagic = {0x89, 'T', 'P', 'A', 'C', 'K', '\r', '\n'};
// Where the fields of the header lie; bytes in between are zero.
constexpr size_t kVersionAt = 8, kHeaderBytesAt = 12, kFileLengthAt = 16, kContentsOffsetAt = 24,
                 kContentsLengthAt = 32, kContentsChecksumAt = 40, kHeaderChecksumAt = 112;
// What a table takes at least in a contents table in which no two share one. It bounds the memory that a small file
// asks for.
constexpr uint64_t kLeastBytesPerTable = 32;

template <typename Int>
void store_little(std::span<std::byte> bytes, size_t at, Int value) {
  for (size_t i = 0; i < sizeof(Int); ++i) bytes[at + i] = static_cast<std::byte>(value >> (8 * i));
}

template <typename Int>
Int load_little(std::span<const std::byte> bytes, size_t at) {
  Int value = 0;
  for (size_t i = 0; i < sizeof(Int); ++i) value |= static_cast<Int>(bytes[at + i]) << (8 * i);
  return value;
}

void store_checksum(std::span<std::byte> bytes, size_t at, const Digest& digest) {
  store_little(bytes, at, digest.low);
  store_little(bytes, at + 8, digest.high);
}

Digest load_checksum(std::span<const std::byte> bytes, size_t at) {
  return {load_little<uint64_t>(bytes, at), load_little<uint64_t>(bytes, at + 8)};
}

template <typename... Parts>
Status damaged(const Parts&... parts) {
  return error(TN_INVALID_MODEL, "the pack is damaged: ", parts...);
}

Status check_range(const PackRange& range, uint64_t alignment, uint64_t file_length, const std::string& what) {
  if (!(CheckedSize(range.offset) + range.length).fits(file_length))
    return damaged(what, " lies at ", range.offset, " with ", range.length, " bytes, past the file's end at ",
                   file_length);
  if (range.offset < kPackHeaderBytes) return damaged(what, " lies in the header");
  if (range.offset % alignment != 0) return damaged(what, " lies at ", range.offset, ", not a multiple of ", alignment);
  return {};
}

Status check_sum(const PackRange& range, std::span<const std::byte> file, const std::string& what) {
  const Digest found = digest_of(bytes_of(range, file));
  if (found == range.checksum) return {};
  return damaged(what, " has checksum ", to_hex(found), ", expected ", to_hex(range.checksum));
}

Result<PackHeader> decode_pack_header(std::span<const std::byte> file) {
  if (file.size() < kPackHeaderBytes || !begins_as_pack(file))
    return error(TN_INVALID_MODEL, "not a pack file: it does not begin with the header of one");
  const auto header = file.first(kPackHeaderBytes);
  if (digest_of(header.first(kHeaderChecksumAt)) != load_checksum(header, kHeaderChecksumAt))
    return damaged("its header does not match its checksum");
  const auto version = load_little<uint32_t>(header, kVersionAt);
  if (version != kPackFormatVersion)
    return error(TN_UNSUPPORTED, "the pack has format version ", version, ", this Tenon reads ", kPackFormatVersion,
                 ": pack the model anew");
  PackHeader decoded;
  decoded.file_length = load_little<uint64_t>(header, kFileLengthAt);
  decoded.contents = {load_little<uint64_t>(header, kContentsOffsetAt),
                      load_little<uint64_t>(header, kContentsLengthAt), load_checksum(header, kContentsChecksumAt)};
  if (decoded.file_length != file.size())
    return damaged("it has ", file.size(), " bytes, expected ", decoded.file_length);
  if (decoded.contents.length > kPackMaxContentsBytes)
    return damaged("its contents table has ", decoded.contents.length, " bytes, at most ", kPackMaxContentsBytes,
                   " are read");
  TENON_RETURN_IF_ERROR(check_range(decoded.contents, kPackMinAlignment, file.size(), "its contents table"));
  return decoded;
}

Digest from_table(const tpack::Checksum& checksum) {
  return {checksum.low(), checksum.high()};
}

// A contents table whose tables are shared could unfold to far more memory than its size.
Status check_amount(const tpack::Contents& contents, uint64_t table_bytes) {
  const CheckedSize tables = CheckedSize(contents.blobs()->size()) + contents.sections()->size();
  CheckedSize text = contents.key()->size();
  for (const auto* blob : *contents.blobs()) text = text + blob->label()->size();
  for (const auto* section : *contents.sections()) text = text + section->name()->size();
  if ((tables * kLeastBytesPerTable + text).fits(table_bytes)) return {};
  return damaged("its contents table names more than it can hold");
}

Status check_blob(const PackContents::Blob& blob, uint64_t file_length, const std::string& what) {
  if (!std::has_single_bit(blob.alignment) || blob.alignment < kPackMinAlignment || blob.alignment > kPackMaxAlignment)
    return damaged(what, " has alignment ", blob.alignment, ", expected a power of two from ", kPackMinAlignment,
                   " to ", kPackMaxAlignment);
  return check_range(blob.range, blob.alignment, file_length, what);
}

Result<PackContents> read_contents(const tpack::Contents& table, std::span<const std::byte> file) {
  PackContents contents;
  contents.key = table.key()->str();
  contents.blobs.reserve(table.blobs()->size());
  for (const auto* entry : *table.blobs()) {
    PackContents::Blob blob{
        {entry->offset(), entry->length(), from_table(*entry->checksum())}, entry->alignment(), entry->label()->str()};
    TENON_RETURN_IF_ERROR(check_blob(blob, file.size(), "blob '" + blob.label + "'"));
    contents.blobs.push_back(std::move(blob));
  }
  std::set<std::string> names;
  for (const auto* entry : *table.sections()) {
    PackContents::Section section{entry->name()->str(),
                                  {entry->offset(), entry->length(), from_table(*entry->checksum())}};
    const std::string what = "section '" + section.name + "'";
    if (!names.insert(section.name).second) return damaged(what, " is there twice");
    TENON_RETURN_IF_ERROR(check_range(section.range, kPackMinAlignment, file.size(), what));
    TENON_RETURN_IF_ERROR(check_sum(section.range, file, what));
    contents.sections.push_back(std::move(section));
  }
  return contents;
}

}  // namespace

bool begins_as_pack(std::span<const std::byte> file) {
  return file.size() >= kPackMagic.size() && std::memcmp(file.data(), kPackMagic.data(), kPackMagic.size()) == 0;
}

std::array<std::byte, kPackHeaderBytes> encode_pack_header(const PackHeader& header) {
  std::array<std::byte, kPackHeaderBytes> bytes{};
  std::memcpy(bytes.data(), kPackMagic.data(), kPackMagic.size());
  store_little(bytes, kVersionAt, kPackFormatVersion);
  store_little(bytes, kHeaderBytesAt, static_cast<uint32_t>(kPackHeaderBytes));
  store_little(bytes, kFileLengthAt, header.file_length);
  store_little(bytes, kContentsOffsetAt, header.contents.offset);
  store_little(bytes, kContentsLengthAt, header.contents.length);
  store_checksum(bytes, kContentsChecksumAt, header.contents.checksum);
  store_checksum(bytes, kHeaderChecksumAt, digest_of(std::span<const std::byte>(bytes).first(kHeaderChecksumAt)));
  return bytes;
}

std::vector<std::byte> encode_pack_contents(const PackContents& contents) {
  flatbuffers::FlatBufferBuilder builder;
  const auto in_table = [](const Digest& digest) { return tpack::Checksum(digest.low, digest.high); };
  std::vector<flatbuffers::Offset<tpack::Blob>> blobs;
  for (const auto& blob : contents.blobs) {
    const auto checksum = in_table(blob.range.checksum);
    blobs.push_back(tpack::CreateBlob(builder, blob.range.offset, blob.range.length, blob.alignment, &checksum,
                                      builder.CreateString(blob.label)));
  }
  std::vector<flatbuffers::Offset<tpack::Section>> sections;
  for (const auto& section : contents.sections) {
    const auto checksum = in_table(section.range.checksum);
    sections.push_back(tpack::CreateSection(builder, builder.CreateString(section.name), section.range.offset,
                                            section.range.length, &checksum));
  }
  const auto key = builder.CreateString(contents.key);
  const auto blob_vector = builder.CreateVector(blobs);
  const auto section_vector = builder.CreateVector(sections);
  tpack::FinishContentsBuffer(builder, tpack::CreateContents(builder, key, blob_vector, section_vector));
  const auto* bytes = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
  return {bytes, bytes + builder.GetSize()};
}

Result<PackContents> parse_pack(std::span<const std::byte> file) {
  TENON_ASSIGN_OR_RETURN(const PackHeader header, decode_pack_header(file));
  TENON_RETURN_IF_ERROR(check_sum(header.contents, file, "its contents table"));
  const auto bytes = bytes_of(header.contents, file);
  flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), /*max_depth=*/4,
                                 static_cast<flatbuffers::uoffset_t>(bytes.size() / kLeastBytesPerTable + 1));
  if (!tpack::VerifyContentsBuffer(verifier)) return damaged("its contents table is no valid FlatBuffer");
  const tpack::Contents& table = *tpack::GetContents(bytes.data());
  TENON_RETURN_IF_ERROR(check_amount(table, header.contents.length));
  return read_contents(table, file);
}

}  // namespace tenon::host
