#include "host/session/packs/source_state.h"

#include <algorithm>

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
  const auto bytes = file.bytes();
  DigestStream digest;
  const size_t pages = (bytes.size() + kPage - 1) / kPage;
  const size_t samples = std::min(pages, kSamples);
  for (size_t i = 0; i < samples; ++i) {
    const size_t begin = (samples == 1 ? 0 : i * (pages - 1) / (samples - 1)) * kPage;
    digest.add(bytes.subspan(begin, std::min(kPage, bytes.size() - begin)));
  }
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
