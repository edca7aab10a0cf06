// libFuzzer target: any bytes as a pack file. The checksums of header and contents table are put right in a second go,
// so that what lies behind them is reached too. A pack may be refused, with a message; what is accepted is read in
// full.
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>

#include "host/storage/pack/pack_format.h"

namespace {

using tenon::host::Digest;

constexpr size_t kPage = 4096;
// Where the header keeps them: host/storage/pack/pack_format.cc.
constexpr size_t kFileLengthAt = 16, kContentsOffsetAt = 24, kContentsLengthAt = 32, kContentsChecksumAt = 40,
                 kHeaderChecksumAt = 112;

void parse(std::span<const std::byte> file) {
  const auto contents = tenon::host::parse_pack(file);
  if (!contents.is_ok()) {
    if (!contents.status().message().empty() && contents.status().code() != TN_INTERNAL) return;
    std::cerr << "unexpected status: " << contents.status().message() << '\n';
    std::abort();
  }
  uint64_t low = 0;
  for (const auto& blob : contents->blobs) {
    const auto bytes = tenon::host::bytes_of(blob.range, file);
    if (reinterpret_cast<uintptr_t>(bytes.data()) % blob.alignment != 0) std::abort();
    low ^= tenon::host::digest_of(bytes).low;
  }
  for (const auto& section : contents->sections) low ^= tenon::host::digest_of(bytes_of(section.range, file)).low;
  volatile uint64_t kept = low;
  (void)kept;
}

uint64_t load(std::span<const std::byte> file, size_t at) {
  uint64_t value;
  std::memcpy(&value, file.data() + at, sizeof value);
  return value;
}

void store(std::span<std::byte> file, size_t at, const Digest& digest) {
  std::memcpy(file.data() + at, &digest.low, 8);
  std::memcpy(file.data() + at + 8, &digest.high, 8);
}

void put_checksums_right(std::span<std::byte> file) {
  const uint64_t size = file.size();
  std::memcpy(file.data() + kFileLengthAt, &size, sizeof size);
  const uint64_t offset = load(file, kContentsOffsetAt), length = load(file, kContentsLengthAt);
  if (offset <= size && length <= size - offset)
    store(file, kContentsChecksumAt, tenon::host::digest_of(std::span<const std::byte>(file).subspan(offset, length)));
  store(file, kHeaderChecksumAt, tenon::host::digest_of(std::span<const std::byte>(file).first(kHeaderChecksumAt)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // As a mapping begins: at a page. Its end is watched by the sanitizer.
  void* memory = nullptr;
  if (posix_memalign(&memory, kPage, size) != 0) std::abort();
  const std::unique_ptr<void, decltype(&std::free)> owner(memory, &std::free);
  const std::span<std::byte> file(static_cast<std::byte*>(memory), size);
  if (size > 0) std::memcpy(file.data(), data, size);
  parse(file);
  if (size < tenon::host::kPackHeaderBytes) return 0;
  put_checksums_right(file);
  parse(file);
  return 0;
}
