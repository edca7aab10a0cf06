#include "tools/support/print.h"

#include <catch2/catch.hpp>
#include <cmath>

namespace tenon::tools {
namespace {

std::string digest_of(std::vector<int64_t> shape, const std::vector<float>& values) {
  return digest(Tensor::of<float>(std::move(shape), values).view());
}

TEST_CASE("scores of one item are shown from the best down", "[tools]") {
  CHECK(digest_of({1, 6}, {0, 5, 1, 4, 2, 3}) == "top 5:  [1] 5  [3] 4  [5] 3  [4] 2  [2] 1");
}

TEST_CASE("equal scores keep their order and NaN comes last", "[tools]") {
  CHECK(digest_of({1, 6}, {1, NAN, 1, 1, 1, 1}) == "top 5:  [0] 1  [2] 1  [3] 1  [4] 1  [5] 1");
}

TEST_CASE("long tensors show their first values and their range", "[tools]") {
  CHECK(digest_of({9}, {1, 2, 3, 4, 5, 6, 7, 8, -9}) == "1, 2, 3, 4, 5, 6, 7, 8, ...  (from -9 to 8)");
  CHECK(digest_of({2, 1}, {1, 2}) == "1, 2");
  CHECK(digest_of({0, 3}, {}) == "empty");
}

TEST_CASE("a sequence is shown by its first elements, a map by its entries", "[tools]") {
  const std::vector<float> three = {3}, more = {4, 5}, values = {1, 2};
  const Value two = Value::sequence({Tensor::of<float>({1}, three), Tensor::of<float>({2}, more)});
  CHECK(digest(two) == "[0] float 1  3\n  [1] float 2  4, 5");
  CHECK(digest(Value::nothing()) == "empty");
  CHECK(digest(Value::map(Tensor::strings({2}, {"cat", "dog"}), Tensor::of<float>({2}, values))) ==
        "'cat': 1, 'dog': 2");
}

TEST_CASE("columns of a table are as wide as their widest cell", "[tools]") {
  CHECK(table_text({{"a", "bb"}, {"cccc", ""}, {"d", "e"}}) == "  a     bb\n  cccc\n  d     e\n");
}

TEST_CASE("sizes are shown in the largest unit that fits", "[tools]") {
  CHECK(byte_text(98) == "98 B");
  CHECK(byte_text(25187) == "24.6 KiB");
  CHECK(byte_text(uint64_t{5} << 30) == "5.0 GiB");
}

}  // namespace
}  // namespace tenon::tools
