// Contents tables that lie, with right checksums: what somebody could hand us on purpose.
#include "host/storage/pack/pack_format.h"

#include <catch2/catch.hpp>
#include <cstring>

#include "host/storage/pack/tpack_generated.h"
#include "tests/host/storage/pack/pack_samples.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

constexpr uint64_t kContentsAt = 4096;

// A file of `contents` behind 4096 bytes, in memory that begins where a mapping would.
class HandMadePack {
 public:
  explicit HandMadePack(std::span<const std::byte> contents, uint64_t contents_at = kContentsAt)
      : size_(kContentsAt + contents.size()),
        bytes_(static_cast<std::byte*>(std::aligned_alloc(4096, (size_ + 4095) / 4096 * 4096))) {
    std::memset(bytes_, 0, size_);
    std::memcpy(bytes_ + kContentsAt, contents.data(), contents.size());
    const auto header = encode_pack_header({size_, {contents_at, contents.size(), digest_of(contents)}});
    std::memcpy(bytes_, header.data(), header.size());
  }
  ~HandMadePack() { std::free(bytes_); }
  HandMadePack(const HandMadePack&) = delete;
  HandMadePack& operator=(const HandMadePack&) = delete;

  Status parse() const { return parse_pack({bytes_, size_}).status(); }

 private:
  size_t size_;
  std::byte* bytes_;
};

Status parse(const PackContents& contents) {
  return HandMadePack(encode_pack_contents(contents)).parse();
}

PackContents with_blob(uint64_t offset, uint64_t length, uint32_t alignment = 64) {
  return {"key", {{{offset, length, {}}, alignment, "b"}}, {}};
}

}  // namespace

TEST_CASE("a hand-made pack whose ranges are right is read", "[pack]") {
  CHECK(parse(with_blob(128, 1000)).message() == "");
  CHECK(parse(with_blob(kContentsAt, 0, 4096)).message() == "");
}

TEST_CASE("a blob outside of its pack is refused, overflow of offset and length included", "[pack]") {
  for (const auto& [offset, length] : std::vector<std::pair<uint64_t, uint64_t>>{{128, 1 << 20},
                                                                                 {128, UINT64_MAX},
                                                                                 {128, UINT64_MAX - 127},
                                                                                 {UINT64_MAX - 63, 64},
                                                                                 {UINT64_MAX - 63, 128},
                                                                                 {uint64_t{1} << 63, uint64_t{1} << 63},
                                                                                 {1 << 20, 0}}) {
    const Status status = parse(with_blob(offset, length));
    CHECK(status.code() == TN_INVALID_MODEL);
    CHECK_THAT(status.message(), Catch::Contains("past the file's end"));
  }
}

TEST_CASE("a blob in the header, or not aligned as it says, is refused", "[pack]") {
  CHECK_THAT(parse(with_blob(64, 10)).message(), Catch::Contains("in the header"));
  CHECK_THAT(parse(with_blob(130, 10)).message(), Catch::Contains("not a multiple of 64"));
  CHECK_THAT(parse(with_blob(192, 10, 128)).message(), Catch::Contains("not a multiple of 128"));
  for (const uint32_t alignment : {0u, 1u, 63u, 96u, 8192u, 0x80000000u})
    CHECK_THAT(parse(with_blob(128, 10, alignment)).message(), Catch::Contains("expected a power of two"));
}

TEST_CASE("sections that lie, differ or come twice are refused", "[pack]") {
  const std::vector<std::byte> zeros(10);
  const Digest right = digest_of(std::span<const std::byte>(zeros));
  const auto with_sections = [](std::vector<PackContents::Section> sections) {
    return PackContents{"key", {}, std::move(sections)};
  };
  CHECK(parse(with_sections({{"plan", {128, 10, right}}})).message() == "");
  CHECK(parse(with_sections({{"plan", {128, UINT64_MAX, right}}})).code() == TN_INVALID_MODEL);
  CHECK_THAT(parse(with_sections({{"plan", {128, 11, right}}})).message(), Catch::Contains("has checksum"));
  CHECK_THAT(parse(with_sections({{"plan", {128, 10, right}}, {"plan", {128, 10, right}}})).message(),
             Catch::Contains("is there twice"));
}

TEST_CASE("a contents table outside of its pack is refused", "[pack]") {
  const auto contents = encode_pack_contents(with_blob(128, 10));
  for (const uint64_t at : {uint64_t{0}, uint64_t{64}, uint64_t{4097}, uint64_t{8192}, UINT64_MAX - 63, UINT64_MAX})
    CHECK(HandMadePack(contents, at).parse().code() == TN_INVALID_MODEL);
}

TEST_CASE("a contents table that is no FlatBuffer of ours is refused", "[pack]") {
  const auto contents = encode_pack_contents(with_blob(128, 10));
  for (size_t at = 0; at < contents.size(); ++at) {
    for (const unsigned value : {0u, 1u, 0x7fu, 0xffu}) {
      auto changed = contents;
      changed[at] = static_cast<std::byte>(value);
      const Status status = HandMadePack(changed).parse();
      if (!status.is_ok() && status.code() != TN_INVALID_MODEL) FAIL(status.message());
    }
  }
}

TEST_CASE("a small contents table whose blobs are one table many times over is refused", "[pack]") {
  flatbuffers::FlatBufferBuilder builder;
  const tpack::Checksum checksum(0, 0);
  const auto blob = tpack::CreateBlob(builder, 128, 10, 64, &checksum, builder.CreateString(std::string(1000, 'x')));
  const std::vector<flatbuffers::Offset<tpack::Blob>> blobs(100'000, blob);
  const std::vector<flatbuffers::Offset<tpack::Section>> sections;
  const auto blob_vector = builder.CreateVector(blobs);
  const auto section_vector = builder.CreateVector(sections);
  tpack::FinishContentsBuffer(builder,
                              tpack::CreateContents(builder, builder.CreateString("key"), blob_vector, section_vector));
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  CHECK(HandMadePack(bytes).parse().code() == TN_INVALID_MODEL);
}

TEST_CASE("a pack of another format version is told from a damaged one", "[pack]") {
  auto header = encode_pack_header({128, {128, 0, {}}});
  header[8] = std::byte{2};
  const Digest checksum = digest_of(std::span<const std::byte>(header).first(112));
  std::memcpy(header.data() + 112, &checksum.low, 8);
  std::memcpy(header.data() + 120, &checksum.high, 8);
  const Status status = parse_pack(header).status();
  CHECK(status.code() == TN_UNSUPPORTED);
  CHECK_THAT(status.message(), Catch::Contains("format version 2"));
}

TEST_CASE("every valid pack of the fuzzer's corpus opens, and no bad one", "[pack]") {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(TENON_SOURCE_DIR "/tests/fuzz/corpus/pack_file")) {
    const auto pack = PackFile::open(entry.path(), true);
    const std::string name = entry.path().filename().string();
    INFO(name << ": " << pack.status().message());
    CHECK(pack.is_ok() == name.starts_with("valid_"));
    CHECK((pack.is_ok() || name.starts_with("bad_")));
    ++count;
  }
  CHECK(count >= 8);
}
