// Digests of bytes: XXH3, 128 bits. They tell damage and difference, not malice: whoever can write a file can write its
// digest too. Thread-safe.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace tenon::host {

/// 128-bit XXH3 of bytes.
struct Digest {
  uint64_t low = 0, high = 0;
  auto operator<=>(const Digest&) const = default;
};

Digest digest_of(std::span<const std::byte> bytes);
Digest digest_of(std::string_view text);
/// 32 lower-case hexadecimal digits, the high half first.
std::string to_hex(const Digest& digest);

/// The digest of bytes that come piece by piece. One thread at a time.
class DigestStream {
 public:
  DigestStream();
  ~DigestStream();
  DigestStream(const DigestStream&) = delete;
  DigestStream& operator=(const DigestStream&) = delete;

  void add(std::span<const std::byte> bytes);
  /// Of all that was added so far.
  Digest digest() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tenon::host
