#include "host/storage/digest.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdio>
#include <new>

namespace tenon::host {
namespace {

Digest from_xxh(const XXH128_hash_t& hash) {
  return {hash.low64, hash.high64};
}

}  // namespace

Digest digest_of(std::span<const std::byte> bytes) {
  return from_xxh(XXH3_128bits(bytes.data(), bytes.size()));
}

Digest digest_of(std::string_view text) {
  return digest_of(std::as_bytes(std::span(text)));
}

std::string to_hex(const Digest& digest) {
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(digest.high),
                static_cast<unsigned long long>(digest.low));
  return text;
}

struct DigestStream::State {
  XXH3_state_t xxh;  // over-aligned: held by `new`, which honours it
};

DigestStream::DigestStream() : state_(new State) {
  XXH3_128bits_reset(&state_->xxh);
}

DigestStream::~DigestStream() = default;

void DigestStream::add(std::span<const std::byte> bytes) {
  XXH3_128bits_update(&state_->xxh, bytes.data(), bytes.size());
}

Digest DigestStream::digest() const {
  return from_xxh(XXH3_128bits_digest(&state_->xxh));
}

}  // namespace tenon::host
