#include "host/formats/tensor_bytes.h"

#include <catch2/catch.hpp>
#include <cstring>

using namespace tenon::host;

namespace {

constexpr int64_t kCount = 1'000'003;  // several pieces, the last one short

/// Floats that begin one byte past an aligned address.
std::vector<std::byte> misaligned() {
  std::vector<std::byte> bytes(kCount * sizeof(float) + 1);
  for (int64_t i = 0; i < kCount; ++i) {
    const auto value = static_cast<float>(i);
    std::memcpy(bytes.data() + 1 + i * static_cast<int64_t>(sizeof value), &value, sizeof value);
  }
  return bytes;
}

Result<Tensor> place(const std::vector<std::byte>& bytes, PendingCopies* later) {
  const std::span<const std::byte> floats = std::span(bytes).subspan(1);
  return place_tensor({floats, nullptr, nullptr, "raw_data", 1}, TN_FLOAT, {kCount}, floats.size(), later);
}

bool is_right(const Tensor& tensor) {
  for (int64_t i = 0; i < kCount; ++i)
    if (tensor.span<float>()[static_cast<size_t>(i)] != static_cast<float>(i)) return false;
  return true;
}

}  // namespace

TEST_CASE("a large tensor that lies misaligned is copied by pieces in any order", "[formats]") {
  const auto bytes = misaligned();
  PendingCopies later;
  const auto tensor = place(bytes, &later);
  REQUIRE(tensor.is_ok());
  CHECK(tensor->residence() == Residence::kCopied);
  CHECK(tensor->residence_reason() == "raw_data at offset 1 is not aligned to 4 bytes");
  size_t pieces = 0;
  later.finish([&](size_t count, const std::function<void(size_t)>& task) {
    pieces = count;
    while (count > 0) task(--count);
  });
  CHECK(pieces == 4);
  CHECK(is_right(*tensor));
}

TEST_CASE("copies are made on the caller's thread where nobody else offers to, and at once where none may wait",
          "[formats]") {
  const auto bytes = misaligned();
  PendingCopies later;
  const auto tensor = place(bytes, &later);
  later.finish({});
  CHECK(is_right(*tensor));
  CHECK(is_right(*place(bytes, nullptr)));
}
