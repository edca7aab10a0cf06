#include "host/packs/source_state.h"

#include <algorithm>
#include <vector>

#include "host/threads/tasks.h"

namespace tenon::host {
namespace {

constexpr size_t kPage = 4096;
constexpr size_t kSamples = 16;
constexpr size_t kPiece = size_t{8} << 20;
constexpr size_t kRead = size_t{128} << 10;  // fits the caches beside what is hashed

}  // namespace

std::string identity_text(const FileIdentity& identity) {
  return concat(identity.device, ":", identity.inode, ":", identity.size, ":", identity.modified_ns, ":",
                identity.changed_ns);
}

Digest sampled_digest(const FileMapping& file) {
  const size_t size = file.bytes().size();
  const size_t pages = (size + kPage - 1) / kPage;
  const size_t samples = std::min(pages, kSamples);
  std::vector<FilePart> parts;
  for (size_t i = 0; i < samples; ++i) {
    const size_t begin = (samples == 1 ? 0 : i * (pages - 1) / (samples - 1)) * kPage;
    parts.push_back({begin, std::min(kPage, size - begin)});
  }
  DigestStream digest;
  file.read(parts, [&](std::span<const std::byte> bytes) { digest.add(bytes); });
  return digest.digest();
}

Result<Digest> full_digest(const FileMapping& file) {
  DigestStream digest;
  for (auto rest = file.bytes(); !rest.empty(); rest = rest.subspan(std::min(kPiece, rest.size()))) {
    const auto piece = rest.first(std::min(kPiece, rest.size()));
    digest.add(piece);
    file.release_pages(piece);
  }
  TENON_RETURN_IF_ERROR(file.check_intact());
  return digest.digest();
}

Result<Digest> piecewise_digest(const FileMapping& file, unsigned threads) {
  const size_t size = file.bytes().size();
  std::vector<Digest> pieces((size + kPiece - 1) / kPiece);
  TENON_RETURN_IF_ERROR(run_tasks(pieces.size(), threads, [&](size_t i) -> Status {
    std::vector<FilePart> parts;
    for (size_t at = i * kPiece; at < std::min(size, (i + 1) * kPiece); at += kRead)
      parts.push_back({at, std::min(kRead, size - at)});
    DigestStream digest;
    file.read(parts, [&](std::span<const std::byte> bytes) { digest.add(bytes); });
    pieces[i] = digest.digest();
    return {};
  }));
  TENON_RETURN_IF_ERROR(file.check_intact());
  return digest_of(std::as_bytes(std::span(pieces)));
}

Digest piecewise_digest(std::span<const std::byte> bytes) {
  std::vector<Digest> pieces;
  for (; !bytes.empty(); bytes = bytes.subspan(std::min(kPiece, bytes.size())))
    pieces.push_back(digest_of(bytes.first(std::min(kPiece, bytes.size()))));
  return digest_of(std::as_bytes(std::span(pieces)));
}

}  // namespace tenon::host
