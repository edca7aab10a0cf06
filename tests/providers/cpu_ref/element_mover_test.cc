#include "providers/cpu_ref/movement/element_mover.h"

#include <catch2/catch.hpp>

#include "tests/support/packed_codes.h"
#include "tests/support/run_operator.h"

using namespace tenon;
using namespace tenon::test;
using cpu_ref::ElementMover;
using Bytes = std::vector<uint8_t>;

namespace {

// Calls move(mover) from a 6-bit tensor of `codes` to one of `count` elements whose bits are all 1, and gives the bytes
// of the latter. The run context stays unused: only strings need one.
template <typename Move>
Bytes moved(const Bytes& codes, int64_t count, Move move) {
  const host::Tensor from =
      tensor_of_bytes(TN_FLOAT6E3M2, {static_cast<int64_t>(codes.size())}, packed_codes(6, codes));
  const host::Tensor to = tensor_of_bytes(TN_FLOAT6E3M2, {count}, Bytes(static_cast<size_t>(count * 6 + 7) / 8, 0xff));
  const tn_tensor from_view = from.abi_view(TN_TENSOR_READ_ONLY), to_view = to.abi_view(0);
  const tn_host host{};
  sdk::RunContext run(&host, nullptr);
  ElementMover mover(run, 0, sdk::MutableTensorView(to_view), sdk::TensorView(from_view));
  REQUIRE(move(mover).is_ok());
  const auto* bytes = static_cast<const uint8_t*>(to.data());
  return Bytes(bytes, bytes + to.byte_length());
}

}  // namespace

TEST_CASE("a transpose of 6-bit elements moves them across bytes", "[cpu_ref]") {
  const Bytes codes = {0x3f, 0x01, 0x22, 0x15, 0x2a, 0x07};  // 2 x 3
  const auto transpose = [](ElementMover& mover) {
    return cpu_ref::copy_box(mover, sdk::Shape{3, 2}, {0, {2, 1}}, {0, {1, 3}});
  };
  Bytes expected = packed_codes(6, {0x3f, 0x15, 0x01, 0x2a, 0x22, 0x07});
  expected.back() |= 0xf0;  // after the last element, where nothing is written
  CHECK(moved(codes, 6, transpose) == expected);
}

TEST_CASE("a run of 6-bit elements leaves its neighbours alone wherever it begins", "[cpu_ref]") {
  Bytes codes;
  for (uint8_t i = 0; i < 20; ++i) codes.push_back(uint8_t(3 * i));
  for (int64_t dst = 0; dst < 5; ++dst) {
    for (int64_t src = 0; src < 5; ++src) {
      Bytes wanted(20, 0x3f);
      for (int64_t i = 0; i < 13; ++i) wanted[size_t(dst + i)] = codes[size_t(src + i)];
      CHECK(moved(codes, 20, [&](ElementMover& mover) { return mover.copy(dst, src, 13); }) == packed_codes(6, wanted));
    }
  }
}
