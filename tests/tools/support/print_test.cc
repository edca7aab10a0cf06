#include "tools/support/print.h"

#include <catch2/catch.hpp>
#include <cstring>

namespace tenon::tools {
namespace {

host::Tensor floats(std::vector<int64_t> shape, const std::vector<float>& values) {
  auto tensor = host::Tensor::allocate(TN_FLOAT, std::move(shape), host::Residence::kRuntime).value();
  REQUIRE(tensor.byte_length() == values.size() * sizeof(float));
  if (!values.empty()) std::memcpy(tensor.mutable_data(), values.data(), tensor.byte_length());
  return tensor;
}

TEST_CASE("scores of one item are shown from the best down", "[tools]") {
  CHECK(digest(floats({1, 6}, {0, 5, 1, 4, 2, 3})) == "top 5:  [1] 5  [3] 4  [5] 3  [4] 2  [2] 1");
}

TEST_CASE("equal scores keep their order and NaN comes last", "[tools]") {
  CHECK(digest(floats({1, 6}, {1, NAN, 1, 1, 1, 1})) == "top 5:  [0] 1  [2] 1  [3] 1  [4] 1  [5] 1");
}

TEST_CASE("long tensors show their first values and their range", "[tools]") {
  CHECK(digest(floats({9}, {1, 2, 3, 4, 5, 6, 7, 8, -9})) == "1, 2, 3, 4, 5, 6, 7, 8, ...  (from -9 to 8)");
  CHECK(digest(floats({2, 1}, {1, 2})) == "1, 2");
  CHECK(digest(floats({0, 3}, {})) == "empty");
}

TEST_CASE("a sequence is shown by its first elements, a map by its entries", "[tools]") {
  using host::RunValue;
  using Kind = host::ValueType::Kind;
  const RunValue two = RunValue::sequence({Kind::kTensor, TN_FLOAT}, {floats({1}, {3}), floats({2}, {4, 5})}).value();
  CHECK(digest(two) == "[0] float 1  3\n  [1] float 2  4, 5");
  CHECK(digest(RunValue::empty_optional({})) == "empty");
  auto keys = host::Tensor::from_strings({2}, {"cat", "dog"}, host::Residence::kRuntime).value();
  CHECK(digest(RunValue::map(keys, floats({2}, {1, 2})).value()) == "'cat': 1, 'dog': 2");
}

TEST_CASE("sizes are shown in the largest unit that fits", "[tools]") {
  CHECK(byte_text(98) == "98 B");
  CHECK(byte_text(25187) == "24.6 KiB");
  CHECK(byte_text(uint64_t{5} << 30) == "5.0 GiB");
}

}  // namespace
}  // namespace tenon::tools
