#include "host/session/packs/source_state.h"

#include <algorithm>
#include <vector>

namespace tenon::host {
namespace {

constexpr size_t kPage = 4096;
constexpr size_t kSamples = 16;
constexpr size_t kPiece = size_t{8} << 20;

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

}  // namespace tenon::host
