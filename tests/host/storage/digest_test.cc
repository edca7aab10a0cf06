#include "host/storage/digest.h"

#include <catch2/catch.hpp>
#include <vector>

using namespace tenon::host;

TEST_CASE("a digest is XXH3 of 128 bits, in its canonical text form", "[storage]") {
  CHECK(to_hex(digest_of(std::string_view())) == "99aa06d3014798d86001c324468d497f");
  CHECK(to_hex(digest_of(std::string_view("a"))) == "a96faf705af16834e6c632b61e964e1f");
}

TEST_CASE("a digest made piece by piece is that of the whole", "[storage]") {
  std::vector<std::byte> bytes(100'003);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 7 + i / 256);
  DigestStream stream;
  for (size_t begin = 0, step = 1; begin < bytes.size(); begin += step, step = step * 3 % 4099 + 1)
    stream.add(std::span(bytes).subspan(begin, std::min(step, bytes.size() - begin)));
  CHECK(stream.digest() == digest_of(std::span<const std::byte>(bytes)));
}
